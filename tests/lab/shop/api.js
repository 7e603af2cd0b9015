// Answers orders. Well only while the database and the cache answer.
const http = require('http')
const net = require('net')

const need = url => {
  const { hostname, port } = new URL(url)
  return { hostname, port: Number(port) }
}
const needs = { db: need(process.env.DATABASE_URL), redis: need(process.env.REDIS_URL) }

const reach = ({ hostname, port }) => new Promise((resolve, reject) => {
  const socket = net.connect({ host: hostname, port, timeout: 1000 })
  socket.on('connect', () => { socket.end(); resolve() })
  socket.on('timeout', () => socket.destroy(new Error(`timeout of ${hostname}:${port}`)))
  socket.on('error', reject)
})

const push = job => new Promise((resolve, reject) => {
  const { hostname, port } = needs.redis
  const socket = net.connect({ host: hostname, port, timeout: 1000 }, () => socket.end(`LPUSH jobs ${job}\r\n`))
  socket.on('close', resolve)
  socket.on('error', reject)
})

http.createServer(async (request, response) => {
  try {
    await Promise.all(Object.values(needs).map(reach))
    if (request.url !== '/healthz') await push(`order:${Date.now()}`)
    response.end('ok\n')
  } catch (error) {
    console.error(`error: ${request.url}: ${error.message}`)
    response.statusCode = 503
    response.end('not well\n')
  }
}).listen(3000, () => console.log('api listens on 3000'))

process.on('SIGTERM', () => process.exit(0))
