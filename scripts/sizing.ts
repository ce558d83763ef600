import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { planEmbedded, planQdrant } from './sizing-plan.ts';
import { sizingMarkdown, sizingText, specOf, standardPlans } from './sizing-table.ts';

const help = `Memory, disk, nodes and monthly cost of a collection, computed from formulas.

  npm run sizing -- --vectors 100000000 --dimensions 1024 [options]

  --vectors <n>           left out: the table of docs/operations.md
  --dimensions <n>        of the model: 512, 768, 1024 … (1024)
  --replicas <n>          copies in a cluster (1)
  --quantization <how>    int8, or product: a quarter of the memory, and finds less (int8)
  --on-disk               full vectors on disk, and only the quantized ones in memory
  --m <n>                 links of a vector in the graph (16)
  --payload-bytes <n>     what is known of a picture (600)
  --json, --markdown      in place of text
  --help                  this text
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      vectors: { type: 'string' },
      dimensions: { type: 'string', default: '1024' },
      replicas: { type: 'string', default: '1' },
      quantization: { type: 'string', default: 'int8' },
      'on-disk': { type: 'boolean', default: false },
      m: { type: 'string', default: '16' },
      'payload-bytes': { type: 'string', default: '600' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const plans = plansOf({
    ...values,
    onDisk: values['on-disk'],
    payloadBytes: values['payload-bytes'],
  });
  if (!plans.ok) return plans;
  if (values.json) process.stdout.write(`${JSON.stringify(plans.value, null, 2)}\n`);
  else
    process.stdout.write(values.markdown ? sizingMarkdown(plans.value) : sizingText(plans.value));
  return ok(0);
});

interface Asked {
  readonly vectors?: string | undefined;
  readonly dimensions: string;
  readonly replicas: string;
  readonly quantization: string;
  readonly onDisk: boolean;
  readonly m: string;
  readonly payloadBytes: string;
}

function plansOf(asked: Asked) {
  if (asked.vectors === undefined) return ok(standardPlans());
  const vectors = parseCount('vectors', asked.vectors, { min: 1, max: 1e12 });
  if (!vectors.ok) return vectors;
  const dimensions = parseCount('dimensions', asked.dimensions, { min: 2, max: 65_536 });
  if (!dimensions.ok) return dimensions;
  const replicas = parseCount('replicas', asked.replicas, { min: 1, max: 16 });
  if (!replicas.ok) return replicas;
  const m = parseCount('m', asked.m, { min: 4, max: 128 });
  if (!m.ok) return m;
  const payloadBytes = parseCount('payload-bytes', asked.payloadBytes, { min: 0, max: 1e6 });
  if (!payloadBytes.ok) return payloadBytes;
  const { quantization, onDisk } = asked;
  if (quantization !== 'int8' && quantization !== 'product') {
    return wrongArgument(`--quantization must be int8 or product: ${quantization}`);
  }
  const spec = specOf({
    vectors: vectors.value,
    dimensions: dimensions.value,
    m: m.value,
    payloadBytes: payloadBytes.value,
    quantization,
    onDisk,
  });
  const qdrant = planQdrant(spec, replicas.value);
  // It has one copy, in one process, int8, and full vectors in memory.
  const embedded = replicas.value === 1 && quantization === 'int8' && !onDisk;
  const plan = embedded ? planEmbedded(spec) : undefined;
  return ok(plan ? [plan, qdrant] : [qdrant]);
}
