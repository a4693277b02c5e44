import java.io.FileInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * What Java reads in certificates, whom it lets in, and whether JSSE connects them. See main.rs and expected.rs for the
 * form of the text.
 */
class Certs {
    static final String[] KEY_USAGES = {"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
        "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"};
    static final char[] NO_PASSWORD = {};

    /** One element of DER. */
    record Element(int tag, byte[] content) {
        static List<Element> all(byte[] der) {
            List<Element> elements = new ArrayList<>();
            ByteBuffer in = ByteBuffer.wrap(der);
            while (in.hasRemaining()) {
                int tag = in.get() & 0xff;
                int length = in.get() & 0xff;
                if (length >= 0x80) {
                    byte[] bytes = new byte[length & 0x7f];
                    in.get(bytes);
                    length = new BigInteger(1, bytes).intValueExact();
                }
                byte[] content = new byte[length];
                in.get(content);
                elements.add(new Element(tag, content));
            }
            return elements;
        }

        List<Element> children() {
            return all(content);
        }

        String oid() {
            StringBuilder text = new StringBuilder();
            long arc = 0;
            boolean first = true;
            for (byte b : content) {
                arc = arc << 7 | b & 0x7f;
                if (b >= 0) {
                    text.append(first ? Math.min(arc / 40, 2) + "." + (arc - 40 * Math.min(arc / 40, 2)) : "." + arc);
                    first = false;
                    arc = 0;
                }
            }
            return text.toString();
        }
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static X509Certificate load(String path) throws Exception {
        try (FileInputStream in = new FileInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static void name(String field, byte[] der) {
        System.out.println(field + "Bytes: " + hex(der));
        for (Element rdn : Element.all(der).get(0).children()) {
            List<String> attributes = new ArrayList<>();
            for (Element attribute : rdn.children()) {
                Element type = attribute.children().get(0);
                Element value = attribute.children().get(1);
                String string = switch (value.tag) {
                    case 0x0c -> "UTF8String";
                    case 0x13 -> "PrintableString";
                    case 0x16 -> "IA5String";
                    default -> "tag " + value.tag;
                };
                attributes.add(type.oid() + " " + string + " " + new String(value.content, StandardCharsets.UTF_8));
            }
            System.out.println(field + ": " + String.join(" + ", attributes));
        }
    }

    static String publicKey(X509Certificate certificate) {
        if (certificate.getPublicKey() instanceof RSAPublicKey key) {
            return "RSA " + key.getModulus().bitLength() + " " + key.getPublicExponent();
        }
        if (certificate.getPublicKey() instanceof ECPublicKey key) {
            String parameters = key.getParams().toString();
            return "EC " + parameters.replaceAll("^secp\\d+r1 \\[NIST (P-\\d+)[],].*", "$1");
        }
        if (certificate.getPublicKey() instanceof EdECPublicKey key) {
            return key.getParams().getName();
        }
        return certificate.getPublicKey().getAlgorithm();
    }

    static byte[] publicKeyBits(X509Certificate certificate) {
        byte[] bits = Element.all(certificate.getPublicKey().getEncoded()).get(0).children().get(1).content;
        return Arrays.copyOfRange(bits, 1, bits.length);
    }

    static String alternativeNames(X509Certificate certificate) throws Exception {
        List<String> names = new ArrayList<>();
        for (List<?> name : certificate.getSubjectAlternativeNames()) {
            names.add(switch ((Integer) name.get(0)) {
                case 2 -> "DNS:" + name.get(1);
                case 6 -> "URI:" + name.get(1);
                case 7 -> "IP:" + hex(InetAddress.getByName((String) name.get(1)).getAddress());
                default -> name.toString();
            });
        }
        return String.join(", ", names);
    }

    static String content(X509Certificate certificate, String oid) throws Exception {
        Element value = Element.all(Element.all(certificate.getExtensionValue(oid)).get(0).content).get(0);
        switch (oid) {
            case "2.5.29.14":
                return hex(value.content);
            case "2.5.29.15":
                List<String> usages = new ArrayList<>();
                boolean[] bits = certificate.getKeyUsage();
                for (int bit = 0; bit < bits.length; bit++) {
                    if (bits[bit]) {
                        usages.add(KEY_USAGES[bit]);
                    }
                }
                return String.join(", ", usages);
            case "2.5.29.17":
                return alternativeNames(certificate);
            case "2.5.29.19":
                int length = certificate.getBasicConstraints();
                return length < 0 ? "CA:FALSE" : "CA:TRUE" + (length == Integer.MAX_VALUE ? "" : ", pathlen:" + length);
            case "2.5.29.35":
                List<Element> parts = value.children();
                if (parts.size() == 1 && parts.get(0).tag == 0x80) {
                    return hex(parts.get(0).content);
                }
                break;
            case "2.5.29.37":
                return String.join(", ", certificate.getExtendedKeyUsage());
            default:
                break;
        }
        return hex(value.content);
    }

    static void fields(String path) throws Exception {
        X509Certificate certificate = load(path);
        System.out.println("file: " + path);
        System.out.println("version: " + certificate.getVersion());
        System.out.println("serial: " + certificate.getSerialNumber().toString(16));
        System.out.println("signatureAlgorithm: " + certificate.getSigAlgOID());
        name("issuer", certificate.getIssuerX500Principal().getEncoded());
        System.out.println("notBefore: " + certificate.getNotBefore().toInstant().getEpochSecond());
        System.out.println("notAfter: " + certificate.getNotAfter().toInstant().getEpochSecond());
        name("subject", certificate.getSubjectX500Principal().getEncoded());
        System.out.println("publicKey: " + publicKey(certificate));
        byte[] digest = MessageDigest.getInstance("SHA-1").digest(publicKeyBits(certificate));
        System.out.println("publicKeySha1: " + hex(digest));
        TreeSet<String> oids = new TreeSet<>(certificate.getCriticalExtensionOIDs());
        oids.addAll(certificate.getNonCriticalExtensionOIDs());
        for (String oid : oids) {
            String critical = certificate.getCriticalExtensionOIDs().contains(oid) ? "critical" : "non-critical";
            System.out.println("extension: " + oid + " " + critical + " " + content(certificate, oid));
        }
    }

    static X509TrustManager trust(String ca) throws Exception {
        return (X509TrustManager) trustFactory(ca).getTrustManagers()[0];
    }

    static TrustManagerFactory trustFactory(String ca) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("ca", load(ca));
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory;
    }

    /** Reads a `.key.pk8` file the way the JDBC driver of PostgreSQL does. */
    static PrivateKey privateKey(String path, String algorithm) throws Exception {
        PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(path)));
        return KeyFactory.getInstance(algorithm).generatePrivate(key);
    }

    static SSLContext context(String ca, String stem) throws Exception {
        X509Certificate certificate = load(stem + ".crt");
        PrivateKey key = privateKey(stem + ".key.pk8", certificate.getPublicKey().getAlgorithm());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("key", key, NO_PASSWORD, new X509Certificate[] {certificate});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), trustFactory(ca).getTrustManagers(), null);
        return context;
    }

    /** Makes a mutual TLS connection in memory, and says as whom the server knows the client. */
    static String connect(String ca, String server, String client, String host) throws Exception {
        return handshake(ca, server, context(ca, client), true, host).getPeerPrincipal().getName();
    }

    /** Makes a TLS connection in memory; what the server knows of it. */
    static SSLSession handshake(String ca, String server, SSLContext client, boolean mutual, String host)
            throws Exception {
        SSLEngine dialer = client.createSSLEngine(host, 26257);
        dialer.setUseClientMode(true);
        var parameters = dialer.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        dialer.setSSLParameters(parameters);
        SSLEngine listener = context(ca, server).createSSLEngine();
        listener.setUseClientMode(false);
        listener.setNeedClientAuth(mutual);
        ByteBuffer toServer = ByteBuffer.allocate(1 << 17);
        ByteBuffer toClient = ByteBuffer.allocate(1 << 17);
        dialer.beginHandshake();
        listener.beginHandshake();
        while (step(dialer, toClient, toServer) | step(listener, toServer, toClient)) {}
        return listener.getSession();
    }

    /** Does what the engine wants next, until it wants nothing more. */
    static boolean step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> engine.getDelegatedTask().run();
            case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
            case NEED_UNWRAP -> {
                in.flip();
                engine.unwrap(in, ByteBuffer.allocate(1 << 17));
                in.compact();
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    static void verify(String role, String host, String ca, String path) throws Exception {
        X509Certificate[] chain = {load(path)};
        try {
            if (role.equals("client")) {
                trust(ca).checkClientTrusted(chain, "UNKNOWN");
            } else if (host.isEmpty()) {
                trust(ca).checkServerTrusted(chain, "UNKNOWN");
            } else {
                // JSSE compares names during a handshake only.
                SSLContext client = SSLContext.getInstance("TLS");
                client.init(null, trustFactory(ca).getTrustManagers(), null);
                handshake(ca, path.replaceAll("\\.crt$", ""), client, false, host);
            }
            System.out.println("accepted");
        } catch (CertificateException | SSLException error) {
            System.out.println("refused: " + error.getMessage().replaceAll("\\s+", " "));
        }
    }

    /** Does the key of a `.key.pk8` file sign for its certificate? */
    static void pkcs8(String stem) throws Exception {
        X509Certificate certificate = load(stem + ".crt");
        String algorithm = certificate.getPublicKey().getAlgorithm();
        Signature signature = Signature.getInstance("SHA256with" + (algorithm.equals("EC") ? "ECDSA" : algorithm));
        signature.initSign(privateKey(stem + ".key.pk8", algorithm));
        signature.update(certificate.getEncoded());
        byte[] signed = signature.sign();
        signature.initVerify(certificate);
        signature.update(certificate.getEncoded());
        System.out.println(algorithm + (signature.verify(signed) ? " signs" : " does not sign"));
    }

    public static void main(String[] args) throws Exception {
        for (int i = 1; i < args.length; ) {
            switch (args[0]) {
                case "fields" -> fields(args[i++]);
                case "verify" -> verify(args[i++], args[i++], args[i++], args[i++]);
                case "connect" -> {
                    String client = connect(args[i++], args[i++], args[i++], args[i++]);
                    System.out.println("connected: " + client);
                }
                case "pkcs8" -> pkcs8(args[i++]);
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }
}
