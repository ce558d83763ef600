import { managedRules, rateRules } from '../cdk/constructs/web-acl-rules.ts';
import { type CostCase, type CostLine, linesOf } from './cost-lines.ts';
import { costPrices } from './cost-prices.ts';

/** What is taken for granted of what goes through CloudFront. */
export const frontFacts = {
  /** An answer with ten results, compressed. */
  answerKb: 4,
  /** 512 pixels, WebP. */
  thumbnailKb: 30,
  /** Of the thumbnails, those that CloudFront does not have, and S3 is asked for. */
  thumbnailMissShare: 0.3,
  /** A search asks a function before, and one after. */
  functionsPerSearch: 2,
} as const;

const { front: price, firewall, s3 } = costPrices;

/** CloudFront and the firewall: every search and every picture goes through them. */
export function frontLines({ settings, usage }: CostCase): CostLine[] {
  const { searchesPerMonth: searches, thumbnailsPerSearch } = usage;
  const thumbnails = searches * thumbnailsPerSearch;
  const requests = searches + thumbnails;
  const gb = (searches * frontFacts.answerKb + thumbnails * frontFacts.thumbnailKb) / 1e6;
  const functions = searches * frontFacts.functionsPerSearch + thumbnails;
  const searched = (item: string, quantity: number, unit: string, usd: number) =>
    ({ item, quantity, unit, price: usd, by: 'searches' }) as const;
  const rules = rateRules(settings.edge.maxRequestsPerAddress).length + managedRules(10).length;
  return linesOf('front', [
    searched('CloudFront, requests', requests / 1e6, 'million', price.perMillionRequests),
    searched('CloudFront, traffic', gb, 'GB', price.perGb),
    searched('CloudFront, functions', functions / 1e6, 'million', price.functionPerMillion),
    searched('CloudFront, generation', searches / 1e6, 'million', price.keyReadsPerMillion),
    searched('firewall, requests', requests / 1e6, 'million', firewall.perMillionRequests),
    searched(
      'S3, thumbnails',
      (thumbnails * frontFacts.thumbnailMissShare) / 1000,
      'thousand',
      s3.getPerThousand,
    ),
    { item: 'firewall', quantity: 1, unit: 'list', price: firewall.acl, by: 'always' },
    { item: 'firewall, rules', quantity: rules, unit: 'rule', price: firewall.rule, by: 'always' },
    {
      item: 'CloudFront, metrics',
      quantity: 1,
      unit: 'distribution',
      price: price.moreMetrics,
      by: 'always',
    },
  ]);
}
