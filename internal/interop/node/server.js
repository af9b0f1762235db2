// A service as its authors would write it: nothing in it is about tracing. The SDK
// comes with NODE_OPTIONS, as OpenTelemetry documents it. GET /count on the port
// ADMIN has the number of requests it has answered.
const http = require('node:http');
const path = require('node:path');
const express = require('express');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const log = require('pino')();

const count = { http: 0, grpc: 0 };

const app = express();
app.get('/greet/:name', (request, response) => {
  count.http++;
  log.info({ name: request.params.name }, 'greeting');
  response.json({ text: `Hello ${request.params.name}` });
});
app.listen(Number(process.env.HTTP), '127.0.0.1');

http.createServer((_, response) => response.end(JSON.stringify(count))).listen(Number(process.env.ADMIN), '127.0.0.1');

const { greet } = grpc.loadPackageDefinition(loader.loadSync(path.join(__dirname, 'greet.proto')));
const server = new grpc.Server();
server.addService(greet.v1.Greeter.service, {
  greet: (call, answer) => {
    count.grpc++;
    log.info({ name: call.request.name }, 'greeting');
    answer(null, { text: `Hello ${call.request.name}` });
  },
});
server.bindAsync(`127.0.0.1:${process.env.GRPC}`, grpc.ServerCredentials.createInsecure(), (fault) => {
  if (fault) throw fault;
});
