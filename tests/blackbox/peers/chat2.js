// A WebSocket over HTTP/2 (RFC 8441) by Node: chat2.js PORT CERT KEY TRUST TEXT.
// Sends the text, prints the first text that comes, closes, and prints the code that the server closes with.
const fs = require("fs");
const http2 = require("http2");

const [port, cert, key, trust, text] = process.argv.slice(2);
const session = http2.connect(`https://localhost:${port}`, {
  cert: fs.readFileSync(cert), key: fs.readFileSync(key), ca: fs.readFileSync(trust),
});

// A client's frames are masked (RFC 6455 section 5.3).
function frame(opcode, payload) {
  const mask = Buffer.from([1, 2, 3, 4]);
  const head = Buffer.from([0x80 | opcode, 0x80 | payload.length]);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at % 4])]);
}

function fail(why) {
  console.error(String(why));
  process.exit(1);
}
setTimeout(() => fail("nothing came for 20 seconds"), 20000).unref();
session.on("error", fail);
session.once("remoteSettings", (settings) => {
  if (!settings.enableConnectProtocol) fail("the server offers no extended CONNECT");
  const socket = session.request({
    ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat", "sec-websocket-version": "13",
    origin: `https://localhost:${port}`,
  });
  let came = Buffer.alloc(0);
  socket.on("error", fail);
  socket.on("response", (headers) => {
    if (headers[":status"] !== 200) fail(headers[":status"]);
    socket.write(frame(1, Buffer.from(text)));
  });
  socket.on("data", (bytes) => {
    came = Buffer.concat([came, bytes]);
    while (came.length >= 2 && came.length >= 2 + came[1]) {
      const payload = came.subarray(2, 2 + came[1]);
      if ((came[0] & 15) === 1) {
        console.log(payload.toString());
        socket.write(frame(8, Buffer.from([3, 232])));
      } else if ((came[0] & 15) === 8) {
        console.log(payload.readUInt16BE());
        socket.end();
      }
      came = came.subarray(2 + payload.length);
    }
  });
  socket.on("close", () => session.close());
});
