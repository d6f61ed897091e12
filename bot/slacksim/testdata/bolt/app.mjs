// A small app on Bolt, written as Slack's documentation shows it. Only slackApiUrl is not Slack's.
import { App } from '@slack/bolt';

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

app.command('/deploy', async ({ command, ack, respond, client }) => {
  await ack(`ack: ${command.text}`);
  await client.chat.postMessage({
    channel: command.channel_id,
    text: `<@${command.user_id}> asks for ${command.text}`,
    metadata: { event_type: 'operation', event_payload: { id: command.text } },
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${command.text}*` } },
      {
        type: 'actions',
        block_id: 'acts',
        elements: [
          { type: 'button', action_id: 'approve', value: command.text, style: 'primary', text: { type: 'plain_text', text: 'Approve' } },
        ],
      },
    ],
  });
  await respond('responded');
});

app.action('approve', async ({ ack, action, body, client }) => {
  await ack();
  await client.chat.update({
    channel: body.channel.id,
    ts: body.message.ts,
    text: `${action.value} approved by ${body.user.id} of ${body.user.team_id}`,
    blocks: [],
  });
});

app.event('app_mention', async ({ event, say }) => {
  await say({ text: `heard: ${event.text}`, thread_ts: event.thread_ts ?? event.ts });
});

app.error(async (error) => {
  console.error(error);
  process.exitCode = 1;
});

await app.start();

// The test closes our standard input when it is done.
process.stdin.resume();
process.stdin.on('end', async () => {
  await app.stop();
  process.exit();
});
