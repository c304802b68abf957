/**
 * Registers every agent there is. A page loads this file, and with it all agents, only when `train` is given an id; one
 * that builds its agent from a class carries that class alone.
 */
import { a2cSpec } from "./a2c.ts";
import { a3cSpec } from "./a3c.ts";
import { acerSpec } from "./acerSpec.ts";
import { alSpec } from "./al.ts";
import { categoricalDoubleDQNSpec } from "./categoricalDoubleDQN.ts";
import { categoricalDQNSpec } from "./categoricalDQN.ts";
import { ddpgSpec } from "./ddpg.ts";
import { doubleDQNSpec } from "./doubleDQN.ts";
import { doubleIQNSpec } from "./doubleIQN.ts";
import { doublePALSpec } from "./doublePAL.ts";
import { dppSpec } from "./dpp.ts";
import { dppGreedySpec } from "./dppGreedy.ts";
import { dppLSpec } from "./dppL.ts";
import { dqnSpec } from "./dqn.ts";
import { duelingDQNSpec } from "./duelingDQN.ts";
import { iqnSpec } from "./iqn.ts";
import { nafSpec } from "./naf.ts";
import { noisyDQNSpec } from "./noisyDQN.ts";
import { nsqSpec } from "./nsq.ts";
import { palSpec } from "./pal.ts";
import { pclSpec } from "./pcl.ts";
import { pgtSpec } from "./pgt.ts";
import { ppoSpec } from "./ppo.ts";
import { rainbowSpec } from "./rainbow.ts";
import { registerAgent } from "./registry.ts";
import { reinforceSpec } from "./reinforce.ts";
import { residualDQNSpec } from "./residualDQN.ts";
import { sacSpec } from "./sac.ts";
import { sarsaSpec } from "./sarsa.ts";
import { svg0Spec } from "./svg0.ts";
import { td3Spec } from "./td3.ts";
import { trpoSpec } from "./trpo.ts";

for (const spec of [
  dqnSpec,
  doubleDQNSpec,
  duelingDQNSpec,
  sarsaSpec,
  alSpec,
  palSpec,
  doublePALSpec,
  dppSpec,
  dppLSpec,
  dppGreedySpec,
  residualDQNSpec,
  noisyDQNSpec,
  categoricalDQNSpec,
  categoricalDoubleDQNSpec,
  iqnSpec,
  doubleIQNSpec,
  rainbowSpec,
  nafSpec,
  reinforceSpec,
  a2cSpec,
  a3cSpec,
  nsqSpec,
  ddpgSpec,
  svg0Spec,
  pgtSpec,
  pclSpec,
  acerSpec,
  td3Spec,
  sacSpec,
  ppoSpec,
  trpoSpec,
])
  registerAgent(spec);
