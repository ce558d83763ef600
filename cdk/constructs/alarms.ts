import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { AlarmsTopic } from './alarms-topic.ts';

export interface AlarmsProps {
  readonly environment: string;
  readonly alarmEmail: string;
}

interface Told {
  /** The alarm's name behind `picture-search-<environment>-`. */
  readonly what: string;
  /** One sentence: what is the case when it rings. */
  readonly means: string;
  /** Its row in docs/operations.md, "When alarms ring"; left out: `what`. */
  readonly runbook?: string;
}

export interface Watched extends Told {
  readonly metric: IMetric;
  /** Rings above it, or below it where `below` is set. */
  readonly threshold: number;
  readonly below?: boolean;
  /** How many periods of the metric are looked at, and how many of them must be bad (all). */
  readonly periods: number;
  readonly bad?: number;
  /**
   * What no data means: there is no default for it, as it is another thing for each. `same`: what it
   * said before goes on.
   */
  readonly missing: 'good' | 'bad' | 'same';
}

const treat = {
  good: TreatMissingData.NOT_BREACHING,
  bad: TreatMissingData.BREACHING,
  same: TreatMissingData.IGNORE,
} as const;

/** The alarms of one region. Each tells the same address, when it begins and when it is over. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  readonly composites: CompositeAlarm[] = [];
  readonly #prefix: string;
  readonly #action: SnsAction;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.#prefix = `picture-search-${props.environment}`;
    this.#action = new SnsAction(new AlarmsTopic(this, 'Told', props).topic);
  }

  watch(watched: Watched): Alarm {
    const { what, metric, threshold, below = false, periods, bad = periods, missing } = watched;
    const alarm = new Alarm(this, what, {
      ...this.#named(watched),
      metric,
      threshold,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: bad,
      treatMissingData: treat[missing],
    });
    this.all.push(alarm);
    return this.#tell(alarm);
  }

  /** Rings while one of the alarms does, of whoever they are. */
  watchAny(told: Told, alarms: readonly IAlarm[]): CompositeAlarm {
    const rules = alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM));
    const composite = new CompositeAlarm(this, told.what, {
      ...compositeNames(this.#named(told)),
      alarmRule: AlarmRule.anyOf(...rules),
    });
    this.composites.push(composite);
    return this.#tell(composite);
  }

  #named({ what, means, runbook = what }: Told) {
    return {
      alarmName: `${this.#prefix}-${what}`,
      alarmDescription: `${means} See docs/operations.md, "When alarms ring": ${runbook}.`,
    };
  }

  #tell<Kind extends AlarmBase>(alarm: Kind): Kind {
    alarm.addAlarmAction(this.#action);
    alarm.addOkAction(this.#action);
    return alarm;
  }
}

function compositeNames({
  alarmName,
  alarmDescription,
}: {
  readonly alarmName: string;
  readonly alarmDescription: string;
}) {
  return { compositeAlarmName: alarmName, alarmDescription };
}
