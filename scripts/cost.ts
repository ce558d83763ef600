import { parseArgs } from 'node:util';
import { environments } from '../cdk/settings.ts';
import { ok } from '../core/result.ts';
import { runCommand } from './command.ts';
import { usdOf } from './cost-lines.ts';
import { costPrices } from './cost-prices.ts';
import { checkMachines } from './cost-service.ts';
import { costOf } from './cost-sum.ts';
import { costText, leftOut } from './cost-table.ts';
import { parseUsage, usageOf, usageOptions } from './cost-usage.ts';
import { settingsFrom } from './deploy-environment.ts';

const known = Object.keys(environments).join(' | ');

const help = `What an environment costs on AWS: a month by part, a thousand searches, a million pictures. Computed
from cdk/settings.ts and from what is assumed; nobody is asked.

  npm run cost -- -c env=prod [options]

  -c, --context env=<name>     ${known}
${usageHelp()}
  --json                       in place of the table
  --help                       this text
`;

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options: optionsOf() });
  if (values['help'] === true) {
    process.stdout.write(help);
    return ok(0);
  }
  const settings = settingsFrom(args);
  if (!settings.ok) return settings;
  const priced = checkMachines(settings.value);
  if (!priced.ok) return priced;
  const usage = parseUsage(settings.value.environment, textsOf(values));
  if (!usage.ok) return usage;
  const asked = { settings: settings.value, usage: usage.value };
  const cost = costOf(asked);
  const { region, date } = costPrices;
  const json = {
    environment: asked.settings.environment,
    assumed: asked.usage,
    prices: { region, date, checked: false },
    ...cost,
    lines: cost.lines.map((line) => ({ ...line, usd: usdOf(line) })),
    monthlyBudgetUsd: asked.settings.monthlyBudgetUsd,
    leftOut,
  };
  process.stdout.write(
    values['json'] === true ? `${JSON.stringify(json, rounded, 2)}\n` : costText(asked, cost),
  );
  return ok(0);
});

function optionsOf() {
  const usage = Object.keys(usageOptions).map((name) => [name, { type: 'string' }] as const);
  return {
    context: { type: 'string', short: 'c', multiple: true },
    ...Object.fromEntries(usage),
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
}

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  const texts = Object.entries(values).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function usageHelp(): string {
  return Object.entries(usageOptions)
    .map(([name, { field, about }]) => {
      const values = Object.keys(environments).map((name_) =>
        usageOf(name_)[field].toLocaleString('en'),
      );
      const shown = new Set(values).size === 1 ? values[0] : values.join(' | ');
      return `  ${`--${name} <n>`.padEnd(29)}${about} (${shown})`;
    })
    .join('\n');
}

/** A hundredth of a cent is nobody's business, and a result file should not change by it. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(6))
    : value;
}
