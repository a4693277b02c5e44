// Logs in with PostgreSQL's JDBC driver to each URL on standard input, and says as whom, or why not, a line each.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.sql.SQLException;

public final class Jdbc {
    public static void main(String[] args) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String url; (url = in.readLine()) != null; ) {
            out.println(answer(url).replaceAll("\\s+", " "));
        }
    }

    private static String answer(String url) {
        try (var connection = DriverManager.getConnection(url);
                var rows = connection.createStatement().executeQuery("select current_user")) {
            rows.next();
            return "accepted: " + rows.getString(1);
        } catch (SQLException e) {
            var reasons = new StringBuilder("refused:");
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                reasons.append(' ').append(cause.getMessage());
            }
            return reasons.toString();
        }
    }
}
