import { SheafError, show } from "../errors.ts";

/** What stands in the text of a flowchart. */
export interface MermaidChart {
  /** In the order in which they are first named, with their labels as written. */
  readonly nodes: ReadonlyMap<string, string | undefined>;
  readonly arrows: readonly { readonly from: string; readonly to: string }[];
  /** `line` is 1 for the first. */
  readonly comments: readonly { readonly text: string; readonly line: number }[];
}

/** Fails with GRAPH_FORMAT and the line. */
export function failMermaid(line: number, problem: string): never {
  throw new SheafError("GRAPH_FORMAT", { format: "Mermaid", problem: `line ${line}: ${problem}` });
}

const COMMENT = /^\s*%%(?!\{)(.*)$/s;
const HEADER = /(?:flowchart|graph)(?:[ \t]+(?:TD|TB|BT|LR|RL))?\s*(?=;|$)/y;
const SPACE = /[\s;]*/y;
// A dash belongs to a name unless an arrow may start with it.
const NODE = /[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_.]|-(?![-.>]))*/uy;
const OPEN = /\[\[|\[\(|\[|\(\[|\(\(\(|\(\(|\(|\{\{|\{/y;
const QUOTED = /\s*"([^"]*)"\s*/y;
const BARE = /[^"[\](){}]*/y;
const ARROW = /\s*(?:-{2,}>|-\.+->|={2,}>)\s*(?:\|[^|]*\|\s*)?/y;
const TEXT_ARROW = /\s*(?:--(?![xo]\s)\s*[^-=>.|\s].*?\s*-{2,}>|==\s*[^-=>.|\s].*?\s*={2,}>)\s*/y;
const END = /\s*(?:;|$)/y;

/**
 * Takes the text of a flowchart apart.
 *
 * @throws SheafError GRAPH_FORMAT
 */
export function readMermaid(text: string): MermaidChart {
  const nodes = new Map<string, string | undefined>();
  const arrows: { from: string; to: string }[] = [];
  const comments: { text: string; line: number }[] = [];
  let begun = false;
  text.split(/\r?\n/).forEach((content, i) => {
    const comment = COMMENT.exec(content);
    if (comment !== null) {
      comments.push({ text: comment[1]!.trim(), line: i + 1 });
      return;
    }
    const line = readLine(content, i + 1);
    line.take(SPACE);
    if (!begun && !line.ended()) {
      if (line.take(HEADER) === undefined) line.fail('"flowchart" or "graph" and TD, TB, BT, LR or RL');
      begun = true;
      line.take(SPACE);
    }
    while (!line.ended()) {
      readStatement(line, nodes, arrows);
      line.take(SPACE);
    }
  });
  if (!begun) failMermaid(1, 'expected "flowchart" or "graph", got nothing');
  return { nodes, arrows, comments };
}

function readStatement(
  line: MermaidLine,
  nodes: Map<string, string | undefined>,
  arrows: { from: string; to: string }[],
): void {
  let from = readNode(line, nodes);
  while (line.take(END) === undefined) {
    if (line.take(ARROW) === undefined && line.take(TEXT_ARROW) === undefined) {
      line.fail("an arrow (-->, -->|text|, -- text -->) or the end of the line");
    }
    const to = readNode(line, nodes);
    arrows.push({ from, to });
    from = to;
  }
}

function readNode(line: MermaidLine, nodes: Map<string, string | undefined>): string {
  const name = line.take(NODE) ?? line.fail("the name of a node");
  const label = readLabel(line);
  if (label !== undefined || !nodes.has(name)) nodes.set(name, label);
  return name;
}

function readLabel(line: MermaidLine): string | undefined {
  const open = line.take(OPEN);
  if (open === undefined) return undefined;
  const quoted = line.take(QUOTED);
  const label = quoted === undefined ? line.take(BARE)! : quoted.trim().slice(1, -1);
  const close = [...open]
    .reverse()
    .map((sign) => ({ "[": "]", "(": ")", "{": "}" })[sign])
    .join("");
  if (!line.takeText(close)) line.fail(`${close} after the label`);
  return label;
}

/** Goes through one line. What is taken is taken only where it comes next. */
interface MermaidLine {
  take(pattern: RegExp): string | undefined;
  takeText(text: string): boolean;
  ended(): boolean;
  fail(expected: string): never;
}

function readLine(content: string, number: number): MermaidLine {
  let at = 0;
  return {
    take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(content)?.[0];
      at += found?.length ?? 0;
      return found;
    },
    takeText(text) {
      const found = content.startsWith(text, at);
      if (found) at += text.length;
      return found;
    },
    ended: () => at === content.length,
    fail(expected) {
      const rest = content.slice(at).trim();
      failMermaid(number, `expected ${expected}, got ${rest === "" ? "the end of the line" : show(rest)}`);
    },
  };
}
