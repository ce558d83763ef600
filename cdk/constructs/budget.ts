import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

export interface BudgetProps {
  readonly environment: string;
  readonly monthlyUsd: number;
  /** Told without having to confirm. */
  readonly email: string;
}

/**
 * What an environment may cost in a month, by the tag that all its stacks give to what they make. AWS
 * counts by a tag only after somebody has switched it on for the account, once: docs/operations.md.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, props: BudgetProps) {
    super(scope, id);
    const { environment, monthlyUsd, email } = props;
    new CfnBudget(this, 'Resource', {
      budget: {
        budgetName: `picture-search-${environment}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:environment$${environment}`] },
      },
      // While something can still be done, and before it is too late.
      notificationsWithSubscribers: [
        notify({ notificationType: 'ACTUAL', threshold: 80 }, email),
        notify({ notificationType: 'FORECASTED', threshold: 100 }, email),
      ],
    });
  }
}

function notify(
  of: Pick<CfnBudget.NotificationProperty, 'notificationType' | 'threshold'>,
  address: string,
): CfnBudget.NotificationWithSubscribersProperty {
  return {
    notification: { ...of, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
    subscribers: [{ subscriptionType: 'EMAIL', address }],
  };
}
