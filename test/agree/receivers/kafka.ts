/**
 * One Kafka broker that is its own controller (KRaft): a topic of three partitions, which refuses large messages. Read back with Kafka's
 * own consumer.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { run } from '../../support/command.ts'
import { type ReceiverKind, receivedLine } from './receiver.ts'
import { freePort, startServer } from './server.ts'

const topic = 'gatehouse'
const partitions = [0, 1, 2]
/** Bytes of a batch at most; the poison has more. */
const batchBytesMax = 256 * 1024
/** A small heap, and no time for a compiler that pays off later. */
const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg'

export const kafka: ReceiverKind = {
  kind: 'kafka',
  installed: 'GATEHOUSE_TEST_KAFKA',
  poison: { text: 'x'.repeat(batchBytesMax) },
  async start(folder, installed) {
    const [port, controllerPort] = [await freePort(), await freePort()]
    const address = `127.0.0.1:${port}`
    const logging = join(folder, 'log4j2.yaml')
    writeFileSync(logging, 'Configuration:\n  Loggers:\n    Root:\n      level: error\n')
    const properties = join(folder, 'server.properties')
    writeFileSync(properties, propertiesOf(folder, address, `127.0.0.1:${controllerPort}`))
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
    await ran(java('kafka.tools.StorageTool', ...format))
    const [command, ...args] = java('kafka.Kafka', properties)
    const server = await startServer({ command, args, port, ready: () => hasTopic(address) })
    return {
      ...server,
      settings: { brokers: [address], topic },
      async received() {
        const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
        const end = ['--offset', 'earliest', '--timeout-ms', '5000']
        const texts: string[] = []
        for (const partition of partitions) {
          const from = ['--bootstrap-server', address, '--topic', topic, '--partition', String(partition)]
          texts.push(await ran(java(consumer, ...from, ...end)))
        }
        return texts.join('').split('\n').slice(0, -1).map(receivedLine)
      },
      close: () => server.kill(),
    }
  },
}

function propertiesOf(folder: string, address: string, controller: string): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.bootstrap.servers=${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://${address},CONTROLLER://${controller}`,
    `advertised.listeners=PLAINTEXT://${address}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'auto.create.topics.enable=false',
    '',
  ].join('\n')
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
