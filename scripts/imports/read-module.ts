/** What a source file imports, by its syntax tree. */
import { posix } from 'node:path';
import { parseSync } from 'vite';

export interface Import {
  /** As written for packages; a path from the root for files of ours. */
  readonly target: string;
  readonly isOurs: boolean;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
}

export interface SourceModule {
  /** From the root, with slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly readsEnvironment: boolean;
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child);
  }
}

const nameOf = (value: unknown) =>
  isNode(value) ? ((value.name ?? value.value) as string | undefined) : undefined;

function isTypeOnly(node: Node): boolean {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const specifiers = (node.specifiers ?? []) as Node[];
  return (
    specifiers.length > 0 &&
    specifiers.every((each) => each.importKind === 'type' || each.exportKind === 'type')
  );
}

/** @throws Error when the file is not TypeScript or JavaScript. */
export function readModule(path: string, text: string): SourceModule {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports: Import[] = [];
  let readsEnvironment = false;
  const add = (source: unknown, typeOnly: boolean) => {
    const target = nameOf(source);
    if (target === undefined) return;
    const isOurs = target.startsWith('.');
    const resolved = isOurs
      ? posix.normalize(posix.join(posix.dirname(path), target.replace(/\?.*$/, '')))
      : target;
    imports.push({ target: resolved, isOurs, typeOnly });
  };
  for (const node of walk(program as unknown as Node)) {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        add(node.source, isTypeOnly(node));
        const takesEnv = ((node.specifiers ?? []) as Node[]).some((each) => nameOf(each.imported) === 'env');
        if (/^(node:)?process$/.test(nameOf(node.source) ?? '') && takesEnv) readsEnvironment = true;
        break;
      }
      case 'ImportExpression':
        add(node.source, false);
        break;
      case 'TSImportType':
        add(node.source ?? node.argument, true);
        break;
      case 'MemberExpression':
        if (nameOf(node.object) === 'process' && nameOf(node.property) === 'env') readsEnvironment = true;
        break;
    }
  }
  return { path, imports, readsEnvironment };
}
