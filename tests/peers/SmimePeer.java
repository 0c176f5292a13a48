import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.*;
import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.jcajce.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.*;
import org.bouncycastle.operator.*;
import org.bouncycastle.util.Store;

/* CMS by BouncyCastle. One job a line on standard input, words separated by tabs; one line of answer each: "ok" or why
 * not.
 *   sign ALGORITHM KEY.pk8 CERT.pem IN OUT        opaque signed-data
 *   encrypt cbc-rsa|gcm-oaep|cbc-ecdh|gcm-ecdh CERT.pem IN OUT
 *   verify CERT.pem IN OUT                        the one signature, by that certificate
 *   decrypt KEY.pk8 CERT.pem IN OUT */
public class SmimePeer {
	static X509Certificate cert(String path) throws Exception {
		try (InputStream in = new FileInputStream(path)) {
			return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

	static PrivateKey key(String path, X509Certificate cert) throws Exception {
		return KeyFactory.getInstance(cert.getPublicKey().getAlgorithm().equals("EC") ? "EC" : "RSA", "BC")
			.generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(path))));
	}

	static void write(String path, byte[] bytes) throws Exception {
		Files.write(Path.of(path), bytes);
	}

	static void sign(String[] w) throws Exception {
		X509Certificate cert = cert(w[3]);
		CMSSignedDataGenerator made = new CMSSignedDataGenerator();
		ContentSigner signer = new JcaContentSignerBuilder(w[1]).setProvider("BC").build(key(w[2], cert));
		made.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
			new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).build(signer, cert));
		made.addCertificates(new JcaCertStore(List.of(cert)));
		write(w[5], made.generate(new CMSProcessableByteArray(Files.readAllBytes(Path.of(w[4]))), true).getEncoded());
	}

	static void encrypt(String[] w) throws Exception {
		X509Certificate cert = cert(w[2]);
		boolean gcm = w[1].startsWith("gcm");
		RecipientInfoGenerator to;
		if (w[1].endsWith("ecdh")) {
			KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC", "BC");
			pairs.initialize(new ECGenParameterSpec("secp256r1"));
			KeyPair own = pairs.generateKeyPair();
			to = new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, own.getPrivate(), own.getPublic(),
				CMSAlgorithm.AES256_WRAP).addRecipient(cert).setProvider("BC");
		} else if (w[1].endsWith("oaep")) {
			AlgorithmIdentifier hash = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);
			to = new JceKeyTransRecipientInfoGenerator(cert, new AlgorithmIdentifier(
				PKCSObjectIdentifiers.id_RSAES_OAEP, new RSAESOAEPparams(hash,
					new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, hash),
					RSAESOAEPparams.DEFAULT_P_SOURCE_ALGORITHM))).setProvider("BC");
		} else {
			to = new JceKeyTransRecipientInfoGenerator(cert).setProvider("BC");
		}
		CMSTypedData content = new CMSProcessableByteArray(Files.readAllBytes(Path.of(w[3])));
		if (gcm) {
			CMSAuthEnvelopedDataGenerator made = new CMSAuthEnvelopedDataGenerator();
			made.addRecipientInfoGenerator(to);
			write(w[4], made.generate(content, (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(
				CMSAlgorithm.AES256_GCM).setProvider("BC").build()).getEncoded());
		} else {
			CMSEnvelopedDataGenerator made = new CMSEnvelopedDataGenerator();
			made.addRecipientInfoGenerator(to);
			write(w[4], made.generate(content, new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC)
				.setProvider("BC").build()).getEncoded());
		}
	}

	static void verify(String[] w) throws Exception {
		CMSSignedData data = new CMSSignedData(Files.readAllBytes(Path.of(w[2])));
		Collection<SignerInformation> signers = data.getSignerInfos().getSigners();
		if (signers.size() != 1)
			throw new Exception("signers: " + signers.size());
		if (!signers.iterator().next().verify(
				new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(cert(w[1]))))
			throw new Exception("bad signature");
		write(w[3], (byte[]) data.getSignedContent().getContent());
	}

	static byte[] open(RecipientInformation to, PrivateKey key) throws Exception {
		return to.getContent(to instanceof KeyAgreeRecipientInformation
			? new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC")
			: new JceKeyTransEnvelopedRecipient(key).setProvider("BC"));
	}

	static byte[] openGcm(RecipientInformation to, PrivateKey key) throws Exception {
		return to.getContent(to instanceof KeyAgreeRecipientInformation
			? new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC")
			: new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC"));
	}

	static void decrypt(String[] w) throws Exception {
		PrivateKey key = key(w[1], cert(w[2]));
		byte[] in = Files.readAllBytes(Path.of(w[3]));
		boolean gcm = ContentInfoType.isAuth(in);
		RecipientInformationStore all = gcm ? new CMSAuthEnvelopedData(in).getRecipientInfos()
			: new CMSEnvelopedData(in).getRecipientInfos();
		RecipientInformation to = all.getRecipients().iterator().next();
		write(w[4], gcm ? openGcm(to, key) : open(to, key));
	}

	static class ContentInfoType {
		static boolean isAuth(byte[] in) {
			return org.bouncycastle.asn1.cms.ContentInfo.getInstance(in).getContentType()
				.equals(org.bouncycastle.asn1.cms.CMSObjectIdentifiers.authEnvelopedData);
		}
	}

	public static void main(String[] args) throws Exception {
		Security.addProvider(new BouncyCastleProvider());
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line; (line = in.readLine()) != null;) {
			String[] w = line.split("\t");
			try {
				switch (w[0]) {
				case "sign": sign(w); break;
				case "encrypt": encrypt(w); break;
				case "verify": verify(w); break;
				case "decrypt": decrypt(w); break;
				default: throw new Exception("unknown job");
				}
				System.out.println("ok");
			} catch (Exception e) {
				System.out.println(("" + e).replaceAll("\\s+", " "));
			}
		}
	}
}
