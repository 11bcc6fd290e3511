"""Writes the double's WSDL (SOAP 1.1, document/literal wrapped, children in no namespace) from the connector's interface.

`python -m tests.ipas_double.wsdl > tests/ipas_double/ipas.wsdl` after the interface has changed.
"""

import sys
from xml.sax.saxutils import quoteattr

from chalicelib.registry.ipas.interface import NAMESPACE, Field, Interface, Operation, interface

ADDRESS = "http://127.0.0.1:8765/IpasServices/IpasServices"
_XSD = {"string": "xs:string", "boolean": "xs:boolean", "bytes": "xs:base64Binary", "double": "xs:double",
        "long": "xs:long", "integer": "tns:ipasInteger", "time": "tns:ipasDateTime"}  # fmt: skip


def wsdl(there: Interface | None = None, address: str = ADDRESS) -> str:
    """The WSDL in one text."""
    there = there or interface()
    operations = there.operations.values()
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            (
                '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
                ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
                f' xmlns:tns="{NAMESPACE}" targetNamespace="{NAMESPACE}" name="IpasServices">'
            ),
            "<wsdl:types>",
            f'<xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="unqualified">',
            '<xs:element name="IpasException" type="tns:IpasException"/>',
            *(line for one in operations for line in _elements(one)),
            _type("IpasException", (Field("message", "string"),)),
            (
                '<xs:complexType name="ipasInteger"><xs:sequence>'
                '<xs:element name="doubleValue" type="xs:double" minOccurs="0"/></xs:sequence></xs:complexType>'
            ),
            (
                '<xs:complexType name="ipasDateTime"><xs:sequence>'
                '<xs:element name="dateValue" type="xs:dateTime" minOccurs="0"/></xs:sequence></xs:complexType>'
            ),
            *(_type(name, fields) for name, fields in there.types.items()),
            "</xs:schema>",
            "</wsdl:types>",
            '<wsdl:message name="IpasException"><wsdl:part name="fault" element="tns:IpasException"/></wsdl:message>',
            *(line for one in operations for line in _messages(one)),
            '<wsdl:portType name="IpasServices">',
            *(
                f'<wsdl:operation name="{one.name}"><wsdl:input message="tns:{one.name}"/><wsdl:output'
                f' message="tns:{one.name}Response"/><wsdl:fault name="IpasException" message="tns:IpasException"/>'
                "</wsdl:operation>"
                for one in operations
            ),
            "</wsdl:portType>",
            '<wsdl:binding name="IpasServicesPortBinding" type="tns:IpasServices">',
            '<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>',
            *(
                f'<wsdl:operation name="{one.name}"><soap:operation soapAction=""/><wsdl:input><soap:body use="literal"/>'
                '</wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output><wsdl:fault name="IpasException">'
                '<soap:fault name="IpasException" use="literal"/></wsdl:fault></wsdl:operation>'
                for one in operations
            ),
            "</wsdl:binding>",
            '<wsdl:service name="IpasServices"><wsdl:port name="IpasServicesPort" binding="tns:IpasServicesPortBinding">',
            f"<soap:address location={quoteattr(address)}/></wsdl:port></wsdl:service>",
            "</wsdl:definitions>",
            "",
        ]
    )


def _elements(one: Operation) -> list[str]:
    return [
        (
            f'<xs:element name="{one.name}"><xs:complexType><xs:sequence>{"".join(map(_element, one.arguments))}'
            "</xs:sequence></xs:complexType></xs:element>"
        ),
        (
            f'<xs:element name="{one.name}Response"><xs:complexType><xs:sequence>{_element(one.returns)}'
            "</xs:sequence></xs:complexType></xs:element>"
        ),
    ]


def _messages(one: Operation) -> list[str]:
    return [
        f'<wsdl:message name="{name}"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>'
        for name in (one.name, one.name + "Response")
    ]


def _type(name: str, fields: tuple[Field, ...]) -> str:
    return f'<xs:complexType name="{name}"><xs:sequence>{"".join(map(_element, fields))}</xs:sequence></xs:complexType>'


def _element(field: Field) -> str:
    kind = _XSD.get(field.type, f"tns:{field.type}")
    if field.many:
        return f'<xs:element name="{field.name}" type="{kind}" minOccurs="0" maxOccurs="unbounded" nillable="true"/>'
    plain = field.type == "boolean" and (field.name.startswith("arg") or field.name == "return")
    return f'<xs:element name="{field.name}" type="{kind}"{"" if plain else " minOccurs=" + quoteattr("0")}/>'


if __name__ == "__main__":
    sys.stdout.write(wsdl())
