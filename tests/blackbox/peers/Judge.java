// Judges the certificate in the last file by PKIX with revocation on: Judge ocsp|crl BASE-URL ROOT INTERMEDIATE LEAF.
// OCSP is asked at BASE-URL/ocsp; the lists are fetched from BASE-URL/crl/. With "their-ocsp" (of the leaf) and
// "their-crl", both are where the certificates say. Prints "good", or why it is not.

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CRL;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

public class Judge {
  static final CertificateFactory FACTORY = factory();

  static CertificateFactory factory() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static X509Certificate certificate(String file) throws Exception {
    return (X509Certificate)
        FACTORY.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))));
  }

  static CRL list(String url) throws Exception {
    try (var in = URI.create(url).toURL().openStream()) {
      return FACTORY.generateCRL(in);
    }
  }

  public static void main(String[] arguments) throws Exception {
    boolean theirs = arguments[0].startsWith("their-");
    boolean online = arguments[0].endsWith("ocsp");
    String base = arguments[1];
    CertPath path =
        FACTORY.generateCertPath(List.of(certificate(arguments[4]), certificate(arguments[3])));
    CertPathValidator validator = CertPathValidator.getInstance("PKIX");
    PKIXParameters how =
        new PKIXParameters(Set.of(new TrustAnchor(certificate(arguments[2]), null)));
    PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
    checker.setOptions(
        online
            ? EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK)
            : EnumSet.of(
                PKIXRevocationChecker.Option.PREFER_CRLS,
                PKIXRevocationChecker.Option.NO_FALLBACK));
    if (theirs && online) {
      checker.setOptions(
          EnumSet.of(
              PKIXRevocationChecker.Option.ONLY_END_ENTITY,
              PKIXRevocationChecker.Option.NO_FALLBACK));
    } else if (theirs) {
      // Nothing to say: they are found.
    } else if (online) {
      checker.setOcspResponder(URI.create(base + "/ocsp"));
    } else {
      List<CRL> lists = new ArrayList<>();
      lists.add(list(base + "/crl/intermediate.crl"));
      lists.add(list(base + "/crl/root.crl"));
      how.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
    }
    how.addCertPathChecker(checker);
    try {
      validator.validate(path, how);
      System.out.println("good");
    } catch (CertPathValidatorException refused) {
      System.out.println(refused.getReason() + ": " + refused.getMessage());
    }
  }
}
