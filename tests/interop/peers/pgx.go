// Logs in with pgx to each URL on standard input, and says as whom, or why not, a line each.

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v4"
)

func answer(url string) string {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return "refused: " + err.Error()
	}
	defer connection.Close(ctx)
	var user string
	if err := connection.QueryRow(ctx, "select current_user").Scan(&user); err != nil {
		return "refused: " + err.Error()
	}
	return "accepted: " + user
}

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(strings.Join(strings.Fields(answer(lines.Text())), " "))
	}
}
