import { existsSync } from "node:fs";
import { cpus as processors, totalmem } from "node:os";
import { fsHookFile, trackShim } from "@sheaf/workdir";
import type { Settings } from "../config/settings.ts";
import { availableMiB, cpus, cpuWorkers, memoryLimitMiB } from "../resources/machine.ts";
import { cpuQuota } from "./cpu-quota.ts";
import { examineFolder, type FolderRequest } from "./examine-folder.ts";
import type { Finding } from "./finding.ts";
import { openFileLimit } from "./open-file-limit.ts";

const MIB = 1024 * 1024;
/** Below that many a run with some tens of workers can run out of them. */
const ENOUGH_FILES = 1_024;

export interface MachineRequest extends FolderRequest {
  /** Version of Node, as `process.versions.node`. */
  readonly nodeVersion?: string;
}

/** Examines what runs on a directory of this machine have at hand. Starts a compiler where the tracker is not built yet. */
export async function examineMachine(request: MachineRequest): Promise<readonly Finding[]> {
  const { settings, nodeVersion = process.versions.node } = request;
  return [
    nodeFinding(nodeVersion),
    ...(await examineFolder(request)),
    agentTracking(settings),
    await commandTracking(settings),
    processorFinding(settings),
    memoryFinding(settings),
    fileLimit(),
  ];
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  const common = { about: "Node", what: version, why: "20.19 or newer is needed" };
  return enough
    ? { ...common, grade: "good", better: null }
    : { ...common, grade: "bad", better: "install Node 24" };
}

function agentTracking({ tracking }: Settings): Finding {
  const about = "reads of agents";
  if (!tracking) {
    const why = "SHEAF_TRACKING is off, so an agent that declares no reads waits for its turn";
    return { about, grade: "limited", what: "not watched", why, better: "unset SHEAF_TRACKING" };
  }
  if (!existsSync(fsHookFile)) {
    const why = `the hook ${fsHookFile} is not there`;
    return { about, grade: "bad", what: "not watched", why, better: "install Sheaf again" };
  }
  const why = "a hook in each thread and process writes down what their code looks at";
  return { about, grade: "good", what: "watched", why, better: null };
}

async function commandTracking({ trackSubprocesses }: Settings): Promise<Finding> {
  const about = "reads of commands";
  const shim = await trackShim();
  if ("missing" in shim) {
    const better = "on Linux with glibc, install a C compiler; else declare `reads`";
    return { about, grade: "limited", what: "cannot be watched", why: shim.missing, better };
  }
  const why = `the library ${shim.library} was proved on a shell`;
  if (trackSubprocesses) return { about, grade: "good", what: "watched", why, better: null };
  const better = "ask for it by --track-subprocesses or SHEAF_TRACK_SUBPROCESSES=true";
  return { about, grade: "limited", what: "can be watched", why, better };
}

function processorFinding(settings: Settings): Finding {
  const usable = cpus();
  const quota = cpuQuota();
  const workers = cpuWorkers({ cpus: usable, availableMiB: availableMiB(), maxWorkers: settings.maxWorkers });
  const rule = `commands and agents in threads or processes: ${workers} at a time, by the processors but one, by 2 GiB of memory each and by maxWorkers (${settings.maxWorkers})`;
  const common = { about: "processors", what: String(usable), why: rule };
  if (quota !== null && quota < usable) {
    const why = `a container limits them to the time of ${quota}; ${rule}`;
    return {
      ...common,
      grade: "limited",
      why,
      better: "raise the container's limit (docker run --cpus), or lower --workers",
    };
  }
  if (usable < processors().length) {
    const why = `the machine has ${processors().length}, and this process may use some of them; ${rule}`;
    return { ...common, grade: "limited", why, better: "widen the set of processors (taskset, cpuset)" };
  }
  return { ...common, grade: "good", better: null };
}

function memoryFinding({ maxMemoryMb }: Settings): Finding {
  const limit = memoryLimitMiB();
  const free = availableMiB();
  const what = `${free} of ${limit} MiB available`;
  const common = { about: "memory", what, why: `one worker may use ${maxMemoryMb} MiB` };
  if (free < maxMemoryMb) {
    const better = "end other programs, or lower SHEAF_MAX_MEMORY_MB";
    return { ...common, grade: "limited", better };
  }
  const total = Math.floor(totalmem() / MIB);
  if (limit >= total) return { ...common, grade: "good", better: null };
  const why = `a container limits it to ${limit} of ${total} MiB; ${common.why}`;
  return { ...common, grade: "limited", why, better: "raise the container's limit (docker run --memory)" };
}

function fileLimit(): Finding {
  const limit = openFileLimit();
  const about = "open files";
  const why = "each worker and each file that is copied takes some";
  if (limit === null) return { about, grade: "good", what: "not known here", why, better: null };
  const enough = limit === "unlimited" || limit >= ENOUGH_FILES;
  const better = enough ? null : `raise the limit: ulimit -n ${ENOUGH_FILES * 4}`;
  return { about, grade: enough ? "good" : "limited", what: String(limit), why, better };
}
