package io.synod.server;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TextFormat.Parser.SingularOverwritePolicy;
import io.synod.proto.ServerConfig;
import io.synod.text.Nearest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@link ServerConfig} from text, and says what a person should mend in it. */
final class ConfigurationText {
  private static final TextFormat.Parser PARSER =
      TextFormat.Parser.newBuilder()
          .setSingularOverwritePolicy(SingularOverwritePolicy.FORBID_SINGULAR_OVERWRITES)
          .build();
  private static final Pattern FIELD = Pattern.compile("keyvaluestore\\.ServerConfig\\.(\\w+)");
  private static final String EXAMPLE =
      "want fields as in: my_addr:'0.0.0.0:8000' my_paxos:'0.0.0.0:9000' replica:'0.0.0.0:9000'";

  private ConfigurationText() {}

  /**
   * Reads protobuf text format.
   *
   * @param source what to call it in a message, as in "the argument"
   */
  static ServerConfig parse(String text, String source) throws BadConfigurationException {
    ServerConfig.Builder builder = ServerConfig.newBuilder();
    try {
      PARSER.merge(text, builder);
    } catch (TextFormat.ParseException e) {
      throw new BadConfigurationException(describe(e, text, source), e);
    }
    return builder.build();
  }

  private static String describe(TextFormat.ParseException e, String text, String source) {
    String message = String.valueOf(e.getMessage()).replaceFirst("^\\d+:\\d+: ", "");
    Matcher field = FIELD.matcher(message);
    if (message.contains("cannot be overwritten") && field.find()) {
      return source + line(e, text) + ": " + field.group(1) + " is given twice; give it once";
    }
    if (message.contains("unknown fields") && field.find()) {
      List<String> known = Arrays.stream(Setting.values()).map(Setting::fieldName).toList();
      return source
          + line(e, text)
          + ": there is no field "
          + field.group(1)
          + Nearest.question(field.group(1), known)
          + "; there are "
          + String.join(", ", known);
    }
    Optional<String> ofField = WrongValue.in(text, e).map(WrongValue::why);
    if (ofField.isPresent()) {
      return source + line(e, text) + ": " + ofField.get();
    }
    String place = e.getLine() > 0 ? " at line " + e.getLine() + ", column " + e.getColumn() : "";
    String reason = message.strip().replaceAll("\\s+", " ").replaceAll("\\.$", "");
    return source + " cannot be read" + place + ": " + reason + "; " + EXAMPLE;
  }

  /** On which of several lines. */
  private static String line(TextFormat.ParseException e, String text) {
    return e.getLine() > 0 && text.strip().contains("\n") ? ", line " + e.getLine() : "";
  }

  /** Sets a field from the values of its option, in place of what it was. */
  static void set(ServerConfig.Builder builder, Setting setting, List<String> values)
      throws BadConfigurationException {
    FieldDescriptor field = setting.field();
    if (field.isRepeated()) {
      builder.clearField(field);
      for (String value : values) {
        for (String each : value.split(",", -1)) {
          builder.addRepeatedField(field, scalar(setting, each.strip()));
        }
      }
    } else if (values.size() > 1) {
      throw new BadConfigurationException(
          "--" + setting.optionName() + " is given twice; give it once");
    } else {
      builder.setField(field, scalar(setting, values.get(0)));
    }
  }

  private static Object scalar(Setting setting, String text) throws BadConfigurationException {
    FieldDescriptor field = setting.field();
    try {
      return switch (field.getJavaType()) {
        case STRING -> text;
        case DOUBLE -> Double.valueOf(text);
        case INT -> Integer.parseUnsignedInt(text);
        case ENUM -> value(setting, text);
        case LONG, FLOAT, BOOLEAN, BYTE_STRING, MESSAGE ->
            throw new IllegalStateException("no option of type " + field.getJavaType());
      };
    } catch (NumberFormatException e) {
      String kind =
          field.getJavaType() == FieldDescriptor.JavaType.DOUBLE ? "a number" : "a whole number";
      throw new BadConfigurationException(
          "--" + setting.optionName() + ": '" + text + "' is not " + kind + ": " + setting.help(),
          e);
    }
  }

  private static EnumValueDescriptor value(Setting setting, String text)
      throws BadConfigurationException {
    EnumValueDescriptor value =
        setting
            .field()
            .getEnumType()
            .findValueByName(text.toUpperCase(Locale.ROOT).replace('-', '_'));
    if (value == null) {
      throw new BadConfigurationException(
          "--" + setting.optionName() + ": there is no '" + text + "': " + setting.help());
    }
    return value;
  }
}
