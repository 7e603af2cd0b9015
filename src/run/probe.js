const [host, port, speaks] = process.argv.slice(-3);
const ask = {
  http: Buffer.from(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`),
  redis: Buffer.from("PING\r\n"),
  postgres: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]),
}[speaks];
require("dns").lookup(host, (error, address) => {
  if (error) { console.log("dns-failed", error.code); process.exit(1); }
  console.log("dns", address);
  const stream = require("net").connect({ host: address, port: Number(port) });
  stream.setTimeout(3000);
  const end = (text) => { console.log(text); process.exit(0); };
  stream.on("connect", () => { console.log("tcp ok"); if (ask) stream.write(ask); else process.exit(0); });
  stream.on("data", (data) => end("greeting " + data.toString().split("\r\n")[0]));
  stream.on("timeout", () => process.exit(1));
  stream.on("error", () => end("tcp failed"));
});
