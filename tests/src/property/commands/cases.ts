// A script, the folder that it is watched in, and what an earlier task may make of that folder meanwhile.
import fc from "fast-check";
import { pythonCommand } from "./python-statements.ts";
import { shellCommand } from "./shell-commands.ts";
import { type Nodes, nodes, type SmallChange, smallChange } from "./trees.ts";

export interface ScriptCase {
  readonly nodes: Nodes;
  /** What several earlier tasks would change, one instead of the other. */
  readonly earlier: readonly (readonly SmallChange[])[];
  readonly script: string;
}

/** How much a script tells of its commands: how each ended, also what they complained of, or how the last ended. */
const TELLS = ["codes", "codes", "complaints", "last", "strict"] as const;

function scriptOf(commands: readonly string[], tells: (typeof TELLS)[number]): string {
  const codes = commands.flatMap((command) => [command, 'echo "= $?"']).join("\n");
  // Programs in a pipe complain in any order.
  const isPiped = codes.includes(" | ");
  switch (tells) {
    case "codes":
      return codes;
    case "complaints":
      return isPiped ? codes : `exec 2>&1\n${codes}`;
    case "last":
      return commands.join("\n");
    case "strict":
      return `set -e\n${commands.join("\n")}`;
    default:
      return tells satisfies never;
  }
}

const command = fc.oneof({ weight: 14, arbitrary: shellCommand }, { weight: 1, arbitrary: pythonCommand });

export const scriptCase: fc.Arbitrary<ScriptCase> = fc.record({
  nodes,
  earlier: fc.array(fc.array(smallChange, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 8 }),
  script: fc
    .tuple(fc.array(command, { minLength: 1, maxLength: 4 }), fc.constantFrom(...TELLS))
    .map(([commands, tells]) => scriptOf(commands, tells)),
});
