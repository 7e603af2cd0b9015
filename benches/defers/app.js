// An app that checks Discord's signature, defers every interaction and does nothing else.
// Usage: node app.js PORT PUBLIC_KEY
const express = require("express");
const { InteractionResponseType, verifyKeyMiddleware } = require("discord-interactions");

const [port, publicKey] = process.argv.slice(2);
const app = express();
app.post("/discord/interactions", verifyKeyMiddleware(publicKey), (request, response) =>
  response.send({ type: InteractionResponseType.DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE }),
);
app.listen(Number(port), "127.0.0.1", () => console.log("listening"));
