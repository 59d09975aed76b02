// Whether Java's own trust manager believes a server: Trusts ROOT FILE…, the server's certificate first. Prints "good", or
// why it does not.

import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Trusts {
  static X509Certificate read(String file) throws Exception {
    try (var in = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  public static void main(String[] files) throws Exception {
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("root", read(files[0]));
    var managers = TrustManagerFactory.getInstance("PKIX");
    managers.init(trusted);
    var chain = new X509Certificate[files.length - 1];
    for (int at = 0; at < chain.length; ++at) chain[at] = read(files[at + 1]);
    try {
      ((X509TrustManager) managers.getTrustManagers()[0]).checkServerTrusted(chain, "ECDHE_ECDSA");
      System.out.println("good");
    } catch (CertificateException why) {
      System.out.println(why);
    }
  }
}
