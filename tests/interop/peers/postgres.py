"""Logs in with psycopg to each URL on standard input, and says as whom, or why not, a line each."""

import sys

import psycopg


def answer(url):
    try:
        with psycopg.connect(url) as connection:
            return "accepted: " + connection.execute("select current_user").fetchone()[0]
    except psycopg.Error as error:
        return f"refused: {error}"


for line in sys.stdin:
    print(" ".join(answer(line.rstrip("\n")).split()), flush=True)
