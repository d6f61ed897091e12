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
  const who = event.bot_id ? `${event.bot_profile.name} (${event.bot_id}): ` : '';
  await say({ text: `heard: ${who}${event.text}`, thread_ts: event.thread_ts ?? event.ts });
});

const line = (text) => ({ type: 'plain_text', text });

const form = (ref) => ({
  type: 'modal',
  callback_id: 'deploy',
  private_metadata: 'from /form',
  title: line('Deploy'),
  submit: line('Deploy'),
  blocks: [
    {
      type: 'input', block_id: 'service', label: line('Service'),
      element: { type: 'static_select', action_id: 'v', options: [{ text: line('Web'), value: 'web' }] },
    },
    { type: 'input', block_id: 'ref', label: line('Ref'), element: { type: 'plain_text_input', action_id: 'v', initial_value: ref } },
  ],
});

app.command('/form', async ({ command, ack, client }) => {
  await ack();
  await client.views.open({ trigger_id: command.trigger_id, view: form(command.text) });
});

app.view('deploy', async ({ ack, body, view, client }) => {
  const { service, ref } = view.state.values;
  if (ref.v.value !== 'v42') {
    await ack({ response_action: 'errors', errors: { ref: `${ref.v.value} is not there` } });
    return;
  }
  await ack();
  await client.chat.postMessage({
    channel: process.env.CHANNEL,
    text: `${body.user.id}: ${service.v.selected_option.value} ${ref.v.value} ${view.private_metadata}`,
  });
});

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user,
    view: {
      type: 'home',
      blocks: [{
        type: 'actions', block_id: 'acts',
        elements: [{ type: 'button', action_id: 'again', value: event.tab, text: line(event.view ? 'Again' : 'First') }],
      }],
    },
  });
});

app.action('again', async ({ ack, action, body, client }) => {
  await ack();
  await client.chat.postMessage({ channel: process.env.CHANNEL, text: `${body.view.type} ${action.value} of ${body.user.id}` });
});

app.shortcut({ callback_id: 'deploy_this', type: 'message_action' }, async ({ shortcut, ack, client }) => {
  await ack();
  await client.views.open({ trigger_id: shortcut.trigger_id, view: form(shortcut.message.text) });
});

app.command('/file', async ({ command, ack, client }) => {
  await ack();
  await client.filesUploadV2({
    channel_id: command.channel_id, thread_ts: command.text, filename: 'timeline.svg', title: 'Timeline',
    initial_comment: 'How it went', file: Buffer.from('<svg/>'),
  });
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
