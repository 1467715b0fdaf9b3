/** In a plan that is only looked at: does the tasks whose agent nobody named. It is never called. */
export default (): void => {};
