// A script, the folder that it is watched in, and what an earlier task may make of that folder meanwhile.
import fc from "fast-check";
import { pythonCommand } from "./python-statements.ts";
import { shellCommand } from "./shell-commands.ts";
import { changeOf, type Nodes, nodes, PATHS, type SmallChange } from "./trees.ts";

/** A command of the script itself. */
interface OwnCommand {
  readonly op: "run";
  readonly command: string;
}

export interface ScriptCase {
  readonly nodes: Nodes;
  /** What several earlier tasks would change, one instead of the other. */
  readonly earlier: readonly (readonly (SmallChange | OwnCommand)[])[];
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

const scripts = (path: fc.Arbitrary<string>) => {
  const command = fc.oneof(
    { weight: 14, arbitrary: shellCommand(path) },
    { weight: 1, arbitrary: pythonCommand(path) },
  );
  return fc.tuple(fc.array(command, { minLength: 1, maxLength: 3 }), fc.constantFrom(...TELLS));
};

const changes = (path: fc.Arbitrary<string>): fc.Arbitrary<readonly SmallChange[]> =>
  fc.array(changeOf(path), { minLength: 1, maxLength: 2 });

/** Scripts and changes of a case name the same few paths. */
export const scriptCase: fc.Arbitrary<ScriptCase> = fc
  .shuffledSubarray([...PATHS], { minLength: 2, maxLength: 3 })
  .chain((named) => {
    const path = fc.constantFrom(...named);
    return fc.record({
      nodes,
      earlier: fc.array(changes(path), { minLength: 1, maxLength: 12, size: "large" }),
      own: fc.boolean(),
      script: scripts(path),
    });
  })
  .map(({ nodes, earlier, own, script: [commands, tells] }) => ({
    nodes,
    // Who has done the same before is the hardest to notice.
    earlier: own ? [...earlier, ...commands.map((command) => [{ op: "run" as const, command }])] : earlier,
    script: scriptOf(commands, tells),
  }));
