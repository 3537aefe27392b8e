/** Counts what a TAP stream says, by its structure. */
import { Parser, type Result } from 'tap-parser';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noTests: Count = { passed: 0, failed: 0, skipped: 0 };

export const addCounts = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

const one = (what: keyof Count): Count => ({ ...noTests, [what]: 1 });
const isLeftOut = (result: Result) => Boolean(result.skip || result.todo);

interface Group {
  readonly children: { readonly group: Group; result?: Result }[];
  /** Assertions of its own, as opposed to the summaries of its children. */
  readonly points: Result[];
}

function readGroup(parser: Parser): Group {
  const group: Group = { children: [], points: [] };
  let open: Group['children'][number] | undefined;
  parser.on('child', (child: Parser) => {
    open = { group: readGroup(child) };
    group.children.push(open);
  });
  parser.on('assert', (result: Result) => {
    if (open === undefined) group.points.push(result);
    else open.result = result;
    open = undefined;
  });
  return group;
}

function countGroup({ children, points }: Group, result: Result | undefined): Count {
  if (result !== undefined && isLeftOut(result)) return one('skipped');
  const ok = result?.ok ?? false;
  if (children.length === 0) {
    if (ok && points.length > 0 && points.every(isLeftOut)) return one('skipped');
    return one(ok ? 'passed' : 'failed');
  }
  let count = children.map((child) => countGroup(child.group, child.result)).reduce(addCounts, noTests);
  for (const point of points) if (isLeftOut(point)) count = addCounts(count, one('skipped'));
  const ownFailure = points.some((point) => !point.ok && !isLeftOut(point));
  // It timed out, crashed or broke its plan although each of its tests ended well.
  const failedByItself = !ok && count.failed === 0;
  return ownFailure || failedByItself ? addCounts(count, one('failed')) : count;
}

/**
 * Counts leaf tests: a `t.test` that holds no other. Assertions are not counted, so that a test is one test
 * however often it looks. A file that crashes, times out or holds no `t.test` counts as one.
 *
 * @param tap what `tap --reporter=tap` writes: one subtest a file
 */
export function countTests(tap: string): Count {
  const parser = new Parser();
  const run = readGroup(parser);
  parser.end(tap);
  const files = run.children.map((child) => countGroup(child.group, child.result));
  const points = run.points.map((point) =>
    one(isLeftOut(point) ? 'skipped' : point.ok ? 'passed' : 'failed'),
  );
  return [...files, ...points].reduce(addCounts, noTests);
}

/** The closing line. */
export const describeCount = ({ passed, failed, skipped }: Count) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
