// A Bolt app that acknowledges a slash command and does nothing else.
// Usage: node app.js PORT SIGNING_SECRET API_URL
const { App } = require("@slack/bolt");

const [port, signingSecret, slackApiUrl] = process.argv.slice(2);
const app = new App({
  token: "xoxb-bench",
  signingSecret,
  endpoints: "/slack/commands",
  clientOptions: { slackApiUrl },
});
app.command("/ops", async ({ ack }) => ack());
app.start(Number(port)).then(() => console.log("listening"));
