import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";

/** Keys that lead to a place in data; empty for the whole. */
export type DataPath = readonly (string | number)[];

/** A place in a text. Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with a text as YAML, in words for people. */
export interface TextProblem {
  readonly position: Position;
  readonly problem: string;
}

/** Data that was read from YAML or JSON, and where each part of it stands. */
export interface PositionedData {
  readonly data: unknown;
  /** Where the value stands, or the nearest thing around it that there is. */
  positionOf(path: DataPath): Position;
  /** Where the key stands that leads to the value. */
  keyPositionOf(path: DataPath): Position;
  /** The text of a plain value as it was written, or null for anything else. */
  sourceOf(path: DataPath): string | null;
}

/**
 * Reads YAML 1.2, and so JSON, with merge keys. Keys that come twice and unknown aliases are problems.
 *
 * @param meant what the author calls it, for the words of problems
 */
export function readPositioned(
  text: string,
  meant: "YAML" | "JSON" = "YAML",
): PositionedData | readonly TextProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ lineCounter: lines, merge: true, prettyErrors: false, logLevel: "error" },
    uniqueKeys: true,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const found = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const complaints = withoutEchoes(found).map((error) => ({
    position: at(error.pos[0]),
    problem: say(error, text, meant),
  }));
  if (complaints.length > 0) return complaints;
  try {
    const problems = nodeProblems(document, at);
    if (problems.length > 0) return [...problems].sort((a, b) => byPosition(a.position, b.position));
    return {
      data: document.toJS(),
      positionOf: (path) => at(placeOf(document, path).value),
      keyPositionOf: (path) => at(placeOf(document, path).key),
      sourceOf: (path) => sourceOf(document, path),
    };
  } catch (error) {
    // Beside too deep a nesting toJS refuses one thing: a text of some lines that would become gigabytes.
    const problem =
      error instanceof RangeError ? TOO_DEEP : "its aliases repeat too much; write the parts out";
    return [{ position: { line: 1, column: 1 }, problem }];
  }
}

/** Compares two places in one text. */
export function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

const TOO_DEEP = "this is nested too deeply to be read";

/** Kinds of errors that do not make the parser stumble again. */
const ALONE: readonly YAMLError["code"][] = ["DUPLICATE_KEY", "TAG_RESOLVE_FAILED", "MULTIPLE_DOCS"];

/** Of errors in the order of the text, those of grammar after the first most often only follow from it. */
function withoutEchoes(errors: readonly YAMLError[]): readonly YAMLError[] {
  const first = errors.find(({ code }) => !ALONE.includes(code));
  return errors.filter((error) => error === first || ALONE.includes(error.code));
}

function say(error: YAMLError, text: string, meant: "YAML" | "JSON"): string {
  const rest = text.slice(error.pos[0]);
  switch (error.code) {
    case "RESOURCE_EXHAUSTION":
      return TOO_DEEP;
    case "DUPLICATE_KEY":
      return `the key ${/^[^\s:]+/.exec(rest)?.[0] ?? ""} stands here a second time; keep one of the two`;
    case "TAB_AS_INDENT":
      return "a tab cannot indent in YAML; use spaces";
    case "BLOCK_AS_IMPLICIT_KEY":
      return 'a text with ": " in it must stand in quotes';
    case "MULTIPLE_DOCS":
      return "a second document begins here; a plan is one";
    case "TAG_RESOLVE_FAILED":
      return `the tag ${/^\S+/.exec(rest)?.[0] ?? ""} is not known; remove it, or put the text in quotes`;
    default:
      return `this is not ${meant}: ${rest.trim() === "" ? "it ends too early; " : ""}${sayGrammar(error, meant)}`;
  }
}

function sayGrammar({ message }: YAMLError, meant: "YAML" | "JSON"): string {
  const words =
    message.charAt(0).toLowerCase() + message.slice(1).replace(/closing (["'])quote/, "closing quote $1");
  if (meant === "YAML") return words;
  return words
    .replaceAll("flow map", "object")
    .replaceAll("flow sequence", "list")
    .replace(" in block collection must be sufficiently indented and", " must")
    .replace(" in YAML stream", "");
}

/** Aliases that lead nowhere or into themselves, and keys that are no plain text. */
function nodeProblems(document: Document, at: (offset: number) => Position): readonly TextProblem[] {
  const problems: TextProblem[] = [];
  const add = (node: Node, problem: string): void => {
    problems.push({ position: at(node.range?.[0] ?? 0), problem });
  };
  visit(document, {
    Alias(_key, node, path) {
      const target = node.resolve(document);
      if (target === undefined)
        add(node, `the alias *${node.source} has no anchor &${node.source} before it`);
      else if (path.includes(target)) add(node, `the alias *${node.source} stands inside of what it repeats`);
    },
    Pair(_key, pair) {
      if (!isScalar(pair.key)) add(pair.key as Node, "a key must be a plain text");
    },
  });
  return problems;
}

type Found = Node | null | undefined;

function resolved(document: Document, node: unknown): Found {
  return isAlias(node) ? (node as Alias).resolve(document) : (node as Found);
}

interface Place {
  readonly key: number;
  readonly value: number;
}

/** Where the value at `path` begins, and its key; where there is none, what is around it. */
function placeOf(document: Document, path: DataPath): Place {
  let node = resolved(document, document.contents);
  const start = node?.range?.[0] ?? 0;
  let place: Place = { key: start, value: start };
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key));
      if (pair === undefined) return place;
      const keyStart = (pair.key as Node).range?.[0] ?? place.value;
      node = resolved(document, pair.value);
      const written = node !== null && node !== undefined && !(isScalar(node) && node.value === null);
      place = { key: keyStart, value: written ? (node?.range?.[0] ?? keyStart) : keyStart };
    } else if (isSeq(node) && typeof key === "number" && node.items[key] !== undefined) {
      node = resolved(document, node.items[key]);
      const itemStart = node?.range?.[0] ?? place.value;
      place = { key: itemStart, value: itemStart };
    } else return place;
  }
  return place;
}

function sourceOf(document: Document, path: DataPath): string | null {
  const node = document.getIn(path, true);
  const target = resolved(document, node);
  return isScalar(target) && typeof target.source === "string" ? target.source : null;
}
