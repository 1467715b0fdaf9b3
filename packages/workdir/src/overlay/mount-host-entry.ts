// The mount host: the first process of a namespace of Sheaf's own, started by mount-host.ts through `unshare`.
//
// Arguments: the mount namespace of the engine, "ffi" or "no-ffi", "root" or "user". It ends with the channel to the engine, and
// takes with it whatever still runs inside; with the last process the kernel drops the namespace and its mounts.
import { constants, openSync } from "node:fs";
import { mountCalls } from "./mount-calls.ts";
import type { HostAnswer, HostCall, HostMessage, HostQuestion } from "./mount-protocol.ts";
import { MountProblem, type MountTable, mountTable, namespaceFile } from "./mount-table.ts";
import { killInsiders, mountNamespace } from "./mount-users.ts";

const [outside, ffi, who] = process.argv.slice(2);

// In anybody else's namespace our mounts would be seen by all, and killing its processes would be a disaster.
if (process.send === undefined || outside === undefined || mountNamespace() === outside) {
  process.stderr.write("The mount host must be started in a mount namespace of its own.\n");
  process.exit(1);
}

const send = (message: HostMessage): void => {
  // The engine may be gone; "disconnect" says so.
  process.send!(message, undefined, {}, () => {});
};

async function perform(table: MountTable, call: HostCall): Promise<HostAnswer> {
  switch (call.do) {
    case "mount":
      await table.mount(call.request);
      return {};
    case "changes":
      return { changes: await table.changes(call.at, call.upper) };
    case "unmount":
      await table.unmount(call.at);
      return {};
    case "bind":
      await table.bind(call.from, call.at);
      return {};
    case "room":
      return { room: await table.room(call.request) };
    case "leave":
      table.leave(call.at);
      return {};
    default:
      return call satisfies never;
  }
}

async function answer(table: MountTable, question: HostQuestion): Promise<void> {
  const { id, call } = question;
  try {
    send({ kind: "done", id, answer: await perform(table, call) });
  } catch (error) {
    if (!(error instanceof MountProblem)) throw error;
    send({ kind: "problem", id, problem: error.problem });
  }
}

const calls = await mountCalls({ ffi: ffi === "ffi", root: who === "root" });
const table = mountTable(calls);
const end = (): never => {
  killInsiders(table.devices());
  process.exit(0);
};
process.on("disconnect", end);
process.on("message", (question: HostQuestion) => answer(table, question));
if (!process.connected) end();
// While a room is made the main thread is in another namespace for a moment, and /proc/PID/ns would name that.
const namespace = namespaceFile(openSync("/proc/self/ns/mnt", constants.O_RDONLY));
send({ kind: "ready", pid: process.pid, how: calls.how, namespace });
