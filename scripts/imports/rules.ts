/** Every way in which a tree of sources can break the directions of the house. */
import { arrows, isAdapter, isForTests, isPure, ports, roomOf } from './house.ts';
import type { Import, SourceModule } from './read-module.ts';

const top = (path: string) => path.split('/')[0] ?? '';

function breachOf(from: string, { target, isOurs, typeOnly }: Import): string | undefined {
  const isBuiltIn = target.startsWith('node:');
  if (top(from) === 'shared') {
    if (isBuiltIn) return 'shared/ runs in browsers too and imports no node:*';
    if (isOurs && top(target) !== 'shared') return 'shared/ imports nothing of ours outside shared/';
    return undefined;
  }
  if (top(from) === 'client') {
    if (isBuiltIn) return 'client/ runs in browsers and imports no node:*';
    if (isOurs && !['client', 'shared'].includes(top(target)))
      return 'client/ imports only shared/ and packages';
    return undefined;
  }
  if (top(from) !== 'server' || !isOurs) return undefined;
  if (['client', 'scripts', 'fixtures'].includes(top(target))) return `server/ never imports ${top(target)}/`;
  if (isForTests(target)) return 'only tests import what is made for tests';
  if (from === 'server/main.ts') return undefined;
  const room = roomOf(from);
  const other = roomOf(target);
  if (other !== room && isAdapter(target)) return 'only server/main.ts picks adapters';
  if (target === 'server/config.ts' && !typeOnly) return 'only server/main.ts reads the settings';
  if (room === undefined || other === undefined || other === room) return undefined;
  if (ports.includes(target) || isPure(target) || arrows[room]?.includes(other)) return undefined;
  return `no arrow leads from the room ${room} to ${other}, and this is no port`;
}

/** The way from a pure file to the first `node:*` or adapter that it runs, or undefined. */
function wayToImpurity(
  start: SourceModule,
  modules: ReadonlyMap<string, SourceModule>,
): string[] | undefined {
  const seen = new Set([start.path]);
  const ways: string[][] = [[start.path]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const { target, isOurs, typeOnly } of modules.get(way.at(-1)!)?.imports ?? []) {
      if (typeOnly || seen.has(target)) continue;
      seen.add(target);
      if (target.startsWith('node:') || isAdapter(target)) return [...way, target];
      if (isOurs) ways.push([...way, target]);
    }
  }
  return undefined;
}

/** Each circle of imports once, starting at its first path in the alphabet. */
export function findCircles(modules: ReadonlyMap<string, SourceModule>): string[][] {
  const done = new Set<string>();
  const circles = new Map<string, string[]>();
  const visit = (path: string, way: string[]) => {
    const at = way.indexOf(path);
    if (at >= 0) {
      const circle = way.slice(at);
      const first = circle.indexOf([...circle].sort()[0]!);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      circles.set(turned.join(), turned);
      return;
    }
    if (done.has(path)) return;
    for (const { target, isOurs } of modules.get(path)?.imports ?? [])
      if (isOurs) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of modules.keys()) visit(path, []);
  return [...circles.values()];
}

/** One line a breach, in the order of the paths; empty when the house stands. */
export function findBreaches(sources: readonly SourceModule[]): string[] {
  const modules = new Map(sources.map((source) => [source.path, source]));
  const breaches: string[] = [];
  for (const source of sources) {
    const { path, imports, readsEnvironment } = source;
    for (const each of imports) {
      const breach = isForTests(path) ? undefined : breachOf(path, each);
      if (breach !== undefined) breaches.push(`${path} → ${each.target}: ${breach}`);
    }
    if (isForTests(path)) continue;
    if (
      readsEnvironment &&
      path !== 'server/config.ts' &&
      ['server', 'shared', 'client'].includes(top(path))
    ) {
      breaches.push(`${path}: only server/config.ts and scripts/ read the environment`);
    }
    const way = isPure(path) ? wayToImpurity(source, modules) : undefined;
    if (way !== undefined) breaches.push(`${path}: is to be pure and reaches ${way.slice(1).join(' → ')}`);
  }
  for (const circle of findCircles(modules)) {
    breaches.push(`circle: ${[...circle, circle[0]].join(' → ')}`);
  }
  return [...new Set(breaches)];
}
