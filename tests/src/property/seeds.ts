// The seeds of the proofs whose cases are frozen: the same ones in every run, unless TEST_SEED gives others. Neither
// they nor what draws the cases may be edited; frozen.test.ts notices. More cases get a new seed.
export const SEEDS = {
  wrongEdges: 20_261_121,
  rungs: 777,
  blindOverlay: 5_787,
  blindLayers: 115,
  crashes: 4_242,
  looks: 9_091,
  commands: 2_024,
} as const;
