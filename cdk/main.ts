import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environments } from './settings.ts';
import { createStacks } from './stacks.ts';

const app = new App();
const name: unknown = app.node.tryGetContext('env');
const settings = typeof name === 'string' ? environments[name] : undefined;
if (settings === undefined) {
  const known = Object.keys(environments).join(' | ');
  console.error(
    `Cannot choose an environment as -c env=… must be one of ${known}: ${String(name)}`,
  );
  process.exit(1);
}
createStacks(app, settings, process.env['CDK_DEFAULT_ACCOUNT']);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
