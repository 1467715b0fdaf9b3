// Stands for the module of an agent that declares nothing; the programs themselves are taken by ProgramExecutor.
export default () => undefined;
