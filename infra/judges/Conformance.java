// Asks veraPDF whether files keep given profiles: `java -cp … Conformance.java 3a,ua1 FILE…`.
// Prints one line for each failed rule (file, profile, clause, test number, count); exit status 1 if any file fails.

import java.io.FileInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class Conformance {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean good = true;
        for (int index = 1; index < arguments.length; index++) {
            for (String name : arguments[0].split(",")) {
                PDFAFlavour flavour = PDFAFlavour.fromString(name);
                try (InputStream file = new FileInputStream(arguments[index]);
                        PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
                        PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                    ValidationResult result = validator.validate(parser);
                    good &= result.isCompliant();
                    Map<String, Integer> failed = new TreeMap<>();
                    for (TestAssertion one : result.getTestAssertions()) {
                        if (one.getStatus() == TestAssertion.Status.FAILED) {
                            String rule = one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber();
                            failed.merge(rule + " " + one.getMessage(), 1, Integer::sum);
                        }
                    }
                    System.out.println((result.isCompliant() ? "keeps " : "BREAKS ") + name + " " + arguments[index]);
                    failed.forEach((rule, count) -> System.out.println("  " + rule + " (" + count + ")"));
                }
            }
        }
        System.exit(good ? 0 : 1);
    }
}
