// PDFBox and Bouncy Castle seal the same letter with the same key and certificates: PAdES B-B, invisible field.
// `java -cp … PdfBoxSeal.java KEY.p12 PASSWORD LETTER.pdf SEALED.pdf RUNS`; prints the median milliseconds of a warm run.

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Calendar;

import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureInterface;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.SignatureOptions;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public class PdfBoxSeal implements SignatureInterface {
    private final PrivateKey key;
    private final Certificate[] chain;

    PdfBoxSeal(PrivateKey key, Certificate[] chain) {
        this.key = key;
        this.chain = chain;
    }

    public byte[] sign(InputStream content) throws IOException {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(chain[0].getEncoded());
            ASN1EncodableVector attributes = new ASN1EncodableVector();
            attributes.add(new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2,
                    new DERSet(new SigningCertificateV2(new ESSCertIDv2(hash)))));
            ContentSigner signer = new JcaContentSignerBuilder("SHA256withRSA").build(key);
            JcaSignerInfoGeneratorBuilder builder =
                    new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build());
            builder.setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)) {
                @Override
                public AttributeTable getAttributes(java.util.Map parameters) {
                    return super.getAttributes(parameters).remove(CMSAttributes.signingTime);
                }
            });
            CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(builder.build(signer, (X509Certificate) chain[0]));
            generator.addCertificates(new JcaCertStore(Arrays.asList(chain[0], chain[1])));
            return generator.generate(new CMSProcessableByteArray(content.readAllBytes()), false).getEncoded();
        } catch (Exception error) {
            throw new IOException(error);
        }
    }

    static byte[] seal(byte[] letter, PdfBoxSeal signer) throws IOException {
        try (PDDocument document = PDDocument.load(letter); ByteArrayOutputStream out = new ByteArrayOutputStream();
                SignatureOptions options = new SignatureOptions()) {
            PDSignature signature = new PDSignature();
            signature.setFilter(PDSignature.FILTER_ADOBE_PPKLITE);
            signature.setSubFilter(org.apache.pdfbox.cos.COSName.getPDFName("ETSI.CAdES.detached"));
            signature.setReason("bench");
            signature.setLocation("here");
            signature.setSignDate(Calendar.getInstance());
            options.setPreferredSignatureSize(8000);
            document.addSignature(signature, signer, options);
            document.saveIncremental(out);
            return out.toByteArray();
        }
    }

    public static void main(String[] arguments) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = new FileInputStream(arguments[0])) {
            store.load(file, arguments[1].toCharArray());
        }
        String alias = store.aliases().nextElement();
        PrivateKey key = (PrivateKey) store.getKey(alias, arguments[1].toCharArray());
        PdfBoxSeal signer = new PdfBoxSeal(key, store.getCertificateChain(alias));
        byte[] letter = Files.readAllBytes(Path.of(arguments[2]));
        int runs = Integer.parseInt(arguments[4]);
        byte[] sealed = null;
        for (int warm = 0; warm < 100; warm++) {
            sealed = seal(letter, signer);
        }
        double[] times = new double[runs];
        for (int run = 0; run < runs; run++) {
            long began = System.nanoTime();
            sealed = seal(letter, signer);
            times[run] = (System.nanoTime() - began) / 1e6;
        }
        Files.write(Path.of(arguments[3]), sealed);
        Arrays.sort(times);
        System.out.println(times[runs / 2]);
    }
}
