import { expect, test } from '@jest/globals';
import { Graph } from '../model/graph.ts';

test('a state is stuck when none of the ends can be reached from it along the edges', () => {
  const graph = new Graph();
  for (const parent of [-1, 0, 1, 0, 3]) graph.add(parent, parent + 10);
  graph.edge(0, 1);
  graph.edge(1, 2);
  graph.edge(0, 3);
  // 3 and 4 lead to each other alone.
  graph.edge(3, 4);
  graph.edge(4, 3);
  expect(graph.stuck([2])).toEqual([3, 4]);
  expect(graph.stuck([4])).toEqual([1, 2]);
  expect(graph.stuck([])).toEqual([0, 1, 2, 3, 4]);
});

test('the way to a state is the labels of those through which it was first reached', () => {
  const graph = new Graph();
  for (const parent of [-1, 0, 1, 2]) graph.add(parent, parent * 10);
  expect(graph.pathTo(3)).toEqual([0, 10, 20]);
  expect(graph.pathTo(0)).toEqual([]);
});

test('it grows beyond its first size', () => {
  const graph = new Graph();
  const states = 200_000;
  for (let i = 0; i < states; i += 1) {
    graph.add(i - 1, 7);
    if (i > 0) graph.edge(i - 1, i);
  }
  expect(graph.states).toBe(states);
  expect(graph.pathTo(states - 1)).toHaveLength(states - 1);
  expect(graph.stuck([states - 1])).toEqual([]);
});
