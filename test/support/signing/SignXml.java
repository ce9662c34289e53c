import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;

/**
 * Signs an XML file with an enveloped signature as the Java class library makes it, so that samples come from another
 * implementation than ours: java SignXml.java IN OUT KEY KEY_OF_ISSUER CANONICALIZATION
 */
public class SignXml {
  private static byte[] readPem(String file) throws Exception {
    return Base64.getMimeDecoder().decode(Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", ""));
  }

  public static void main(String[] args) throws Exception {
    XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(readPem(args[2] + ".key.pem")));
    CertificateFactory x509 = CertificateFactory.getInstance("X.509");
    List<Object> certificates = List.of(
        x509.generateCertificate(new ByteArrayInputStream(readPem(args[2] + ".cert.pem"))),
        x509.generateCertificate(new ByteArrayInputStream(readPem(args[3] + ".cert.pem"))));
    TransformParameterSpec none = null;
    Reference reference = factory.newReference("", factory.newDigestMethod(DigestMethod.SHA256, null),
        List.of(factory.newTransform(Transform.ENVELOPED, none), factory.newTransform(args[4], none)), null, null);
    SignedInfo info = factory.newSignedInfo(
        factory.newCanonicalizationMethod(args[4], (C14NMethodParameterSpec) null),
        factory.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", null), List.of(reference));
    KeyInfoFactory keys = factory.getKeyInfoFactory();
    KeyInfo keyInfo = keys.newKeyInfo(List.of(keys.newX509Data(certificates)));
    DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
    parsers.setNamespaceAware(true);
    Document document = parsers.newDocumentBuilder().parse(new FileInputStream(args[0]));
    DOMSignContext context = new DOMSignContext(key, document.getDocumentElement());
    context.setDefaultNamespacePrefix("ds");
    factory.newXMLSignature(info, keyInfo).sign(context);
    TransformerFactory.newInstance().newTransformer()
        .transform(new DOMSource(document), new StreamResult(new FileOutputStream(args[1])));
  }
}
