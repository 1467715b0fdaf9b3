// What a bare pool of processes runs: answers every message.
process.on("message", (message) => process.send!(message));
