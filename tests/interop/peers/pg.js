// Logs in with node-postgres to each URL on standard input, and says as whom, or why not, a line each.

'use strict'

const { Client } = require('pg')

async function answer(connectionString) {
  try {
    const client = new Client({ connectionString })
    // Said again when the connection ends.
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query('select current_user')
    await client.end()
    return `accepted: ${rows[0].current_user}`
  } catch (error) {
    return `refused: ${error.message || error}`
  }
}

async function main() {
  const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean)
  for (const line of lines) {
    console.log((await answer(line)).replace(/\s+/g, ' '))
  }
}

main()
