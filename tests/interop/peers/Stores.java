// Reads PKCS#12 as Java does, and logs in to PostgreSQL by its JDBC driver:
//
//     java -cp postgresql.jar Stores.java store FILE PASSPHRASE
//     java -cp postgresql.jar Stores.java login URL

import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.Collections;
import java.util.TreeSet;

class Stores {
    static String name(Certificate certificate) {
        return ((X509Certificate) certificate).getSubjectX500Principal().getName();
    }

    /** Every entry, and whether a key signs for its certificate and each certificate of the chain for the one before. */
    static void store(String path, char[] passphrase) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(path)) {
            store.load(in, passphrase);
        }
        for (String alias : new TreeSet<>(Collections.list(store.aliases()))) {
            if (store.isCertificateEntry(alias)) {
                System.out.println("trusted " + alias + ": " + name(store.getCertificate(alias)));
                continue;
            }
            Certificate[] chain = store.getCertificateChain(alias);
            PrivateKey key = (PrivateKey) store.getKey(alias, passphrase);
            Signature signature = Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
            signature.initSign(key);
            byte[] signed = signature.sign();
            signature.initVerify(chain[0]);
            StringBuilder names = new StringBuilder(signature.verify(signed) ? "key " : "another key ");
            names.append(alias).append(":");
            for (int i = 0; i < chain.length; i++) {
                chain[i].verify(chain[Math.min(i + 1, chain.length - 1)].getPublicKey());
                names.append(" / ").append(name(chain[i]));
            }
            System.out.println(names);
        }
    }

    static void login(String url) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                ResultSet row = connection.createStatement().executeQuery("select current_user, current_database()")) {
            row.next();
            System.out.println(row.getString(1) + " in " + row.getString(2));
        }
    }

    public static void main(String[] args) throws Exception {
        for (int i = 1; i < args.length; ) {
            switch (args[0]) {
                case "store" -> store(args[i++], args[i++].toCharArray());
                case "login" -> login(args[i++]);
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }
}
