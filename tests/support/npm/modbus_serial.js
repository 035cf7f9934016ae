// A Modbus/TCP client or device on the npm package modbus-serial, for tests. Prints lines of JSON.
//   node modbus_serial.js client ADDRESS ROUNDS [TIMEOUT_MS]  allowed reads and denied writes in turn, on one connection
//   node modbus_serial.js server ADDRESS                      a device with registers; "ready" when it listens
"use strict";
const Modbus = require("modbus-serial");

const WRITES = [
  (client) => client.writeCoil(7, true),
  (client) => client.writeRegister(500, 1),
  (client) => client.writeCoils(0, [true, false, true]),
  (client) => client.writeRegisters(500, [1, 2, 3]),
  (client) => client.maskWriteRegister(500, 0xff00, 0x0011),
];

async function client(address, rounds, timeout) {
  const counts = { connections: 1, answered: 0, refused: 0, failed: 0 };
  const client = new Modbus();
  await client.connectTCP(address, { port: 502 });
  let closed = false;
  client.on("close", () => { closed = true; });
  client.setID(1);
  client.setTimeout(timeout);
  for (let round = 0; round < rounds && !closed; ++round) {
    try {
      const { data } = await client.readHoldingRegisters(0, 10);
      if (data.length === 10) ++counts.answered; else ++counts.failed;
    } catch (error) {
      ++counts.failed;
      counts.why = String(error.message);
    }
    try {
      await WRITES[round % WRITES.length](client);
      ++counts.failed;
      counts.why = "a write was done";
    } catch (error) {
      if (error.modbusCode === 1) ++counts.refused; else { ++counts.failed; counts.why = String(error.message); }
    }
  }
  counts.closed = closed;
  console.log(JSON.stringify(counts));
  client.close(() => process.exit(0));
}

function server(address) {
  const writes = { count: 0 };
  const vector = {
    getHoldingRegister: (at) => at,
    getInputRegister: (at) => at,
    getCoil: () => false,
    getDiscreteInput: () => false,
    setRegister: () => { ++writes.count; },
    setCoil: () => { ++writes.count; },
  };
  const device = new Modbus.ServerTCP(vector, { host: address, port: 502, unitID: 1 });
  device.on("initialized", () => console.log("ready"));
  device.on("socketError", (error) => console.error(String(error)));
  process.on("SIGTERM", () => { console.log(JSON.stringify({ writes: writes.count })); process.exit(0); });
}

const [role, address, rounds, timeout] = process.argv.slice(2);
if (role === "client") {
  client(address, Number(rounds), Number(timeout || 5000)).catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
} else if (role === "server") {
  server(address);
} else {
  console.error("usage: modbus_serial.js client ADDRESS ROUNDS [TIMEOUT_MS] | server ADDRESS");
  process.exit(2);
}
