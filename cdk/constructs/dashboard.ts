import { Duration } from 'aws-cdk-lib';
import {
  type AlarmBase,
  AlarmState,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  type IWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { System } from './alarms-system.ts';
import { cacheWidgets, qdrantWidgets, serviceWidgets } from './dashboard-behind.ts';
import { moneyWidgets, pipelineWidgets } from './dashboard-pipeline.ts';
import { searchWidgets, stageWidgets } from './dashboard-searches.ts';

export interface DashboardProps {
  readonly system: System;
  /** All of the environment's own region. */
  readonly alarms: readonly AlarmBase[];
}

/** All of an environment on one page: first what rings, then what people see, then what is behind it. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { system, alarms }: DashboardProps) {
    super(scope, id);
    const { environment } = system.settings;
    const rows: IWidget[][] = [
      alarmWidgets(alarms),
      ...section('Searches', searchWidgets(system), stageWidgets(system)),
      ...section('Encoder and vector search', serviceWidgets(system), qdrantWidgets(system)),
      ...section('Cache', cacheWidgets(system)),
      ...section('Pictures', pipelineWidgets(system)),
      ...section('Benchmark and money', moneyWidgets(system)),
    ];
    new CloudWatchDashboard(this, 'Resource', {
      dashboardName: `picture-search-${environment}`,
      defaultInterval: Duration.days(1),
      widgets: rows.filter((row) => row.length > 0),
    });
  }
}

function section(title: string, ...rows: IWidget[][]): IWidget[][] {
  return [[new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 })], ...rows];
}

/** A widget takes a hundred alarms; those that ring come first. */
function alarmWidgets(alarms: readonly AlarmBase[]): IWidget[] {
  const ringing = new AlarmStatusWidget({
    title: 'Ringing now: docs/operations.md, "When alarms ring"',
    alarms: [...alarms],
    states: [AlarmState.ALARM],
    width: 12,
    height: 6,
  });
  const all = new AlarmStatusWidget({
    title: 'All alarms',
    alarms: [...alarms],
    width: 12,
    height: 6,
  });
  return [ringing, all];
}
