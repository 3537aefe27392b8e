/**
 * The linear sum assignment problem by shortest augmenting paths (Crouse, "On implementing 2D rectangular assignment
 * algorithms", 2016). Among equally good assignments it picks the one that scipy's `linear_sum_assignment` picks.
 */
import { type Matrix, transpose } from './matrix.ts';

/** Per row, the column given to it or -1, so that the sum of the chosen scores is greatest; a column is given once. */
export function assignRows(scores: Matrix): Int32Array {
  for (const score of scores.data) {
    if (!Number.isFinite(score)) throw new Error('A score to assign by is not a number.');
  }
  if (scores.rows <= scores.columns) return assignWide(scores);
  const rowOf = assignWide(transpose(scores));
  const columnOf = new Int32Array(scores.rows).fill(-1);
  rowOf.forEach((row, column) => {
    columnOf[row] = column;
  });
  return columnOf;
}

/** For no more rows than columns, so that each row gets one. */
function assignWide({ rows, columns, data }: Matrix): Int32Array {
  const columnOf = new Int32Array(rows).fill(-1);
  const rowOf = new Int32Array(columns).fill(-1);
  const rowPrice = new Float64Array(rows);
  const columnPrice = new Float64Array(columns);

  for (let start = 0; start < rows; start += 1) {
    const length = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
    const cameFrom = new Int32Array(columns).fill(-1);
    const visitedRows = new Uint8Array(rows);
    const visitedColumns = new Uint8Array(columns);
    // From the last to the first, so that equal scores give row i column i.
    const remaining = Array.from({ length: columns }, (_, position) => columns - position - 1);
    let row = start;
    let reached = 0;
    let sink = -1;
    while (sink === -1) {
      visitedRows[row] = 1;
      let best = -1;
      let lowest = Number.POSITIVE_INFINITY;
      for (let position = 0; position < remaining.length; position += 1) {
        const column = remaining[position]!;
        const candidate = reached - data[row * columns + column]! - rowPrice[row]! - columnPrice[column]!;
        if (candidate < length[column]!) {
          cameFrom[column] = row;
          length[column] = candidate;
        }
        // Of equally short ways one that ends at a free column ends the search.
        if (length[column]! < lowest || (length[column] === lowest && rowOf[column] === -1)) {
          lowest = length[column]!;
          best = position;
        }
      }
      reached = lowest;
      const column = remaining[best]!;
      if (rowOf[column] === -1) sink = column;
      else row = rowOf[column]!;
      visitedColumns[column] = 1;
      const last = remaining.pop()!;
      if (best < remaining.length) remaining[best] = last;
    }

    for (let i = 0; i < rows; i += 1) {
      if (visitedRows[i] === 0) continue;
      rowPrice[i] = rowPrice[i]! + (reached - (i === start ? 0 : length[columnOf[i]!]!));
    }
    for (let j = 0; j < columns; j += 1) {
      if (visitedColumns[j] === 1) columnPrice[j] = columnPrice[j]! - (reached - length[j]!);
    }
    let column = sink;
    for (;;) {
      const holder = cameFrom[column]!;
      rowOf[column] = holder;
      const before = columnOf[holder]!;
      columnOf[holder] = column;
      if (holder === start) break;
      column = before;
    }
  }
  return columnOf;
}
