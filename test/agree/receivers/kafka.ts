/**
 * One Kafka broker that is its own controller (KRaft): a topic of three partitions, which refuses large messages, written over TLS with
 * a password (SCRAM). Read back with Kafka's own consumer, over a second listener.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { run } from '../../support/command.ts'
import { type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'
import { writeTls } from './tls.ts'

const topic = 'gatehouse'
const partitions = [0, 1, 2]
/** Bytes of a batch at most; the poison has more. */
const batchBytesMax = 256 * 1024
/** Reads of one partition. */
const readTriesMax = 5
/** A small heap, and no time for a compiler that pays off later. */
const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const username = 'gatehouse'
const password = 'kafka-password-0123456789'
const mechanism = 'SCRAM-SHA-512'
const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg'

export const kafka: ReceiverKind = {
  kind: 'kafka',
  installed: 'GATEHOUSE_TEST_KAFKA',
  poison: { text: 'x'.repeat(batchBytesMax) },
  async start(folder, installed) {
    const [port, plainPort, controllerPort] = [await freePort(), await freePort(), await freePort()]
    const address = `127.0.0.1:${plainPort}`
    const tls = writeTls(folder)
    const logging = join(folder, 'log4j2.yaml')
    writeFileSync(logging, 'Configuration:\n  Loggers:\n    Root:\n      level: error\n')
    const properties = join(folder, 'server.properties')
    writeFileSync(properties, propertiesOf({ folder, port, plainPort, controllerPort, tls }))
    const java = (name: string, ...words: string[]): [string, ...string[]] => [
      'java',
      ...jvm,
      `-Dlog4j2.configurationFile=${logging}`,
      ...['-cp', join(installed, 'libs', '*'), name, ...words],
    ]
    const ran = async (command: [string, ...string[]]): Promise<string> => {
      const { status, out, err } = await run(command)
      if (status !== 0) throw new Error(`${command.slice(jvm.length + 4).join(' ')}: ${err}${out}`)
      return out
    }
    const format = ['format', '--standalone', '-t', clusterId, '-c', properties]
    const scram = ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]
    await ran(java('kafka.tools.StorageTool', ...format, ...scram))
    const [command, ...args] = java('kafka.Kafka', properties)
    const server = await startServer({ command, args, port, ready: () => hasTopic(address) })
    return {
      ...server,
      settings: {
        brokers: [`localhost:${port}`],
        topic,
        tls: { authorities: tls.certificate },
        sasl: { mechanism, username, password: `\${KAFKA_PASSWORD}` },
      },
      environment: { KAFKA_PASSWORD: password },
      async received() {
        const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
        const texts: string[] = []
        for (const [partition, messages] of await messagesOf(address)) {
          const from = ['--bootstrap-server', address, '--topic', topic, '--partition', String(partition)]
          const range = ['--offset', 'earliest', '--max-messages', String(messages), '--timeout-ms', '30000']
          texts.push(await all(Number(messages), () => ran(java(consumer, ...from, ...range))))
        }
        return texts.join('').split('\n').slice(0, -1).map(receivedLine)
      },
      close: () => server.kill(),
    }
  },
}

interface Ports {
  readonly folder: string
  readonly port: number
  readonly plainPort: number
  readonly controllerPort: number
  readonly tls: { readonly certificate: string; readonly key: string }
}

function propertiesOf({ folder, port, plainPort, controllerPort, tls }: Ports): string {
  const controller = `127.0.0.1:${controllerPort}`
  const plain = `127.0.0.1:${plainPort}`
  // A value of several lines is one that goes on behind backslashes.
  const pem = (path: string) => readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n\\\n')
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.bootstrap.servers=${controller}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `listeners=SASL_SSL://127.0.0.1:${port},PLAINTEXT://${plain},CONTROLLER://${controller}`,
    `advertised.listeners=SASL_SSL://localhost:${port},PLAINTEXT://${plain}`,
    'listener.security.protocol.map=SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `sasl.enabled.mechanisms=${mechanism}`,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'ssl.keystore.type=PEM',
    `ssl.keystore.key=${pem(tls.key)}`,
    `ssl.keystore.certificate.chain=${pem(tls.certificate)}`,
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'auto.create.topics.enable=false',
    '',
  ].join('\n')
}

/** The consumer ends when its time is over, whatever it has read by then: on a busy machine that may be nothing. */
async function all(lines: number, read: () => Promise<string>): Promise<string> {
  for (let tries = 0; tries < readTriesMax; tries++) {
    const text = await read()
    if (text.split('\n').length - 1 === lines) return text
  }
  throw new Error(`the consumer did not read ${lines} messages in ${readTriesMax} tries`)
}

/** Makes the topic where it is not there. */
async function hasTopic(address: string): Promise<boolean> {
  const admin = new Admin({ clientId: 'suite', bootstrapBrokers: [address], retries: 0 })
  try {
    const there = await admin.listTopics()
    if (!there.includes(topic))
      await admin.createTopics({
        topics: [topic],
        partitions: partitions.length,
        replicas: 1,
        configs: [{ name: 'max.message.bytes', value: String(batchBytesMax) }],
      })
    return true
  } finally {
    await admin.close()
  }
}

/** How many messages each partition has that has any. */
async function messagesOf(address: string): Promise<[partition: number, messages: bigint][]> {
  const admin = new Admin({ clientId: 'suite', bootstrapBrokers: [address], retries: 5 })
  try {
    const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp: ListOffsetTimestamps.LATEST }))
    const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] })
    return (found?.partitions ?? []).filter(({ offset }) => offset > 0n).map((one) => [one.partitionIndex, one.offset])
  } finally {
    await admin.close()
  }
}
