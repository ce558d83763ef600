import { type CostCase, type CostLine, usdOf } from './cost-lines.ts';
import { costPrices } from './cost-prices.ts';
import type { Cost } from './cost-sum.ts';
import { usageOptions } from './cost-usage.ts';
import { formatTable } from './text-table.ts';

/** What no line has. */
export const leftOut = [
  'discounts, credits, savings plans and the free tier; taxes; support',
  'traffic between zones, and of CloudFront beyond North America and Europe',
  'machines that run during a release, a backfill or a peak, beyond the tasks that are assumed',
  'builds: images in ECR, minutes of the pipeline that deploys',
  'the domain, its hosted zone and questions to it',
  'what was deleted or overwritten in S3 and can be brought back; logs of CloudFront and the balancer there',
] as const;

export function costText({ settings, usage }: CostCase, cost: Cost): string {
  const { environment, region, monthlyBudgetUsd, qdrant } = settings;
  const assumed = Object.entries(usageOptions).map(
    ([name, { field }]) => `${name} ${usage[field].toLocaleString('en')}`,
  );
  const missing =
    qdrant.kind === 'outside' ? [...leftOut, 'Qdrant, which is somebody else’s'] : leftOut;
  return [
    `${environment}, USD a month. Assumed: ${assumed.join(', ')}.`,
    '',
    formatTable(['part', 'of it', 'quantity', 'unit', 'each', 'USD'], rowsOf(cost)),
    '',
    `Together ${usd(cost.monthly)} a month; the budget is ${usd(monthlyBudgetUsd)}.`,
    ...ratios(cost),
    '',
    `Not in it: ${missing.join('; ')}.`,
    `Prices: ${costPrices.region}, list, as remembered, ${costPrices.date}: to be checked (scripts/cost-prices.ts).${
      region === costPrices.region ? '' : ` ${region} has others.`
    }`,
    '',
  ].join('\n');
}

function ratios({ perThousandSearches, perMillionPictures }: Cost): string[] {
  const { all, more } = perThousandSearches;
  const { monthly, indexed, uploaded } = perMillionPictures;
  return [
    `A thousand searches: ${small(all)}, all of the month by them; ${small(more)} for a thousand more.`,
    `A million pictures: ${usd(monthly)} a month to keep, ${usd(indexed)} once to index from the bucket, ${usd(uploaded)} to take in by uploads.`,
  ];
}

function rowsOf({ lines, byPart }: Cost): string[][] {
  return Object.entries(byPart).flatMap(([part, total]) => {
    const own = lines.filter((line) => line.part === part);
    return own.length === 0
      ? []
      : [...own.map(rowOf), ['', `${part}, together`, '', '', '', usd(total)]];
  });
}

function rowOf(line: CostLine): string[] {
  const { part, item, quantity, unit, price } = line;
  return [
    part,
    item,
    count(quantity),
    unit,
    String(Number(price.toPrecision(4))),
    usd(usdOf(line)),
  ];
}

function count(quantity: number): string {
  return quantity.toLocaleString('en', { maximumSignificantDigits: 4 });
}

function usd(value: number | undefined): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return value === undefined ? '–' : value.toLocaleString('en', digits);
}

function small(value: number | undefined): string {
  return value === undefined ? '–' : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
