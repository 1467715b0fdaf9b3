import { testPart } from "../observed/proof.ts";

testPart(3);
