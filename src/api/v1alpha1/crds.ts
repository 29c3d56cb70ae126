import { type CrdOptions, customResourceDefinition } from '../crd.ts';
import { decisionSpec, decisionStatus } from './decision.ts';
import { environmentSpec, environmentStatus } from './environment.ts';
import { gateSpec, gateStatus } from './gate.ts';
import { promotionSpec, promotionStatus } from './promotion.ts';

const age = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since creation.',
} as const;

/** Why a standing object is ready or not. */
const readyMessage = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: 'What it means.',
  priority: 1,
} as const;

const environment: CrdOptions = {
  kind: 'Environment',
  spec: environmentSpec,
  status: environmentStatus.meta({
    description: 'What runs here, what is refused here, and what became of what came here.',
  }),
  description: 'A standing place to which revisions rise: its targets, its policy and the truth about them.',
  columns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether promotions can run here.',
    },
    {
      name: 'Current',
      type: 'string',
      jsonPath: '.status.targets[*].current.promotion',
      description: 'Promotion that is fully promoted.',
    },
    {
      name: 'Last Good',
      type: 'string',
      jsonPath: '.status.targets[*].lastGood.promotion',
      description: 'Promotion that also passed its bake.',
    },
    {
      name: 'Candidate',
      type: 'string',
      jsonPath: '.status.targets[*].candidate.promotion',
      description: 'Promotion in flight.',
    },
    age,
    readyMessage,
  ],
};

const gate: CrdOptions = {
  kind: 'Gate',
  spec: gateSpec,
  status: gateStatus.meta({
    description: 'Whether the Gate can be asked; what it answered stands in each Promotion.',
  }),
  description: 'A reusable check that lets a promotion rise or brings it back.',
  columns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether it can be evaluated at all.',
    },
    {
      name: 'Pass',
      type: 'string',
      jsonPath: '.spec.prometheus.pass',
      description: 'Condition to pass.',
    },
    {
      name: 'Interval',
      type: 'integer',
      jsonPath: '.spec.intervalSeconds',
      description: 'Seconds between samples.',
    },
    age,
    readyMessage,
  ],
};

const promotion: CrdOptions = {
  kind: 'Promotion',
  spec: promotionSpec,
  status: promotionStatus.meta({
    description: 'Where the order stands, what is in its way, and the evidence.',
  }),
  description: 'One immutable order to bring a revision to an Environment.',
  selectableFields: ['.spec.environment'],
  columns: [
    {
      name: 'Environment',
      type: 'string',
      jsonPath: '.spec.environment',
      description: 'Where to.',
    },
    {
      name: 'Revision',
      type: 'string',
      jsonPath: '.status.summary.revision',
      description: 'What.',
    },
    {
      name: 'Status',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason',
      description: 'Where it stands, in one word.',
    },
    {
      name: 'Step',
      type: 'string',
      jsonPath: '.status.summary.step',
      description: 'Steps passed of all.',
    },
    {
      name: 'Weight',
      type: 'integer',
      jsonPath: '.status.summary.weight',
      description: 'Percent of traffic on the new revision.',
    },
    age,
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].message',
      description: 'What it means.',
      priority: 1,
    },
  ],
};

const decision: CrdOptions = {
  kind: 'Decision',
  spec: decisionSpec,
  status: decisionStatus.meta({ description: 'What became of the Decision.' }),
  description: 'What a person decided: one immutable record.',
  selectableFields: ['.spec.environment'],
  columns: [
    { name: 'Verdict', type: 'string', jsonPath: '.spec.verdict', description: 'What was decided.' },
    { name: 'Environment', type: 'string', jsonPath: '.spec.environment', description: 'Where.' },
    {
      name: 'Promotion',
      type: 'string',
      jsonPath: '.spec.promotion.name',
      description: 'On what.',
    },
    { name: 'By', type: 'string', jsonPath: '.spec.by', description: 'Who says so.' },
    {
      name: 'Accepted',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Accepted")].reason',
      description: 'What became of it.',
    },
    age,
    {
      ...readyMessage,
      jsonPath: '.status.conditions[?(@.type=="Accepted")].message',
    },
  ],
};

/** Every kind with its CustomResourceDefinition, the one source of `crds/`. */
export const CRDS = [decision, environment, gate, promotion].map((options) => ({
  kind: options.kind,
  definition: customResourceDefinition(options),
}));
